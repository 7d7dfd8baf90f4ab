"""What stands above the cursor already is seldom what comes next."""

import re

from sotto_lsp.completion.filters.surroundings import Surroundings

_WORD = re.compile(r"\w\w")
_MAX_LINES = 12


def repeats_above(text: str, around: Surroundings) -> str:
    """Cut before the first lines that repeat those right above them, one line or a block of up to a dozen.

    Lines without a word, as a bracket alone, may come twice. Blank lines do not count.
    """
    above = [line.strip() for line in around.lines_above[-4 * _MAX_LINES :] if line.strip()]
    lines = text.split("\n")
    stripped = [(around.line_prefix + lines[0]).strip(), *(line.strip() for line in lines[1:])]
    first = 0 if stripped[0] and lines[0].strip() else 1  # else the text begins with a line end
    if first and stripped[0]:
        above.append(stripped[0])
    said: list[str] = []
    for number in range(first, len(lines)):
        if stripped[number]:
            said.append(stripped[number])
            before = [*above, *said]
            if (size := _find_repeated(before, len(said))) and any(map(_WORD.search, before[-size:])):
                return "\n".join(lines[: _line_of(stripped, first, len(said) - size)])
    return text


def _find_repeated(lines: list[str], num_said: int) -> int:
    """How many lines at the end, all said, are those right before them again; 0 for none. One line, or a block."""
    sizes = range(1, min(num_said, len(lines) // 2, _MAX_LINES) + 1)
    return next((size for size in sizes if lines[-size:] == lines[-2 * size : -size]), 0)


def _line_of(stripped: list[str], first: int, num_said: int) -> int:
    """The number of the text's line after so many that hold something."""
    numbers = [number for number in range(first, len(stripped)) if stripped[number]]
    return numbers[num_said] if num_said else 0
