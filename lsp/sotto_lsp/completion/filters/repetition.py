"""Small models repeat themselves."""

import re

from sotto_lsp.completion.filters.surroundings import Surroundings

_WITHIN_LINE = re.compile(r"(.{3,40}?)\1{3,}")
"""The same 3 to 40 characters four times in a row. Shorter ones are drawn lines and tables."""
_DRAWN = re.compile(r"(?:[^\w\"'`,]|_)*")
"""Without words, quotes and commas: lines and tables in comments."""
_MAX_PERIOD = 6
_MIN_TURNS = 3


def repetition(text: str, around: Surroundings) -> str:
    """Cut after the first turn of a repetition: within a line, or of up to six lines three times in a row."""
    del around
    for match in _WITHIN_LINE.finditer(text):
        turn = match.group(1)
        if not re.search(r"\w", turn) and not _DRAWN.fullmatch(turn):
            return text[: match.start()] if "\n" in text[: match.start()] else ""  # a list of signs
        if not _DRAWN.fullmatch(turn):
            text = text[: match.start() + len(turn)]
            break
    lines = text.split("\n")
    stripped = [line.strip() for line in lines]  # the first line has its indentation before the cursor
    for start in range(len(lines)):
        for period in range(1, _MAX_PERIOD + 1):
            if _count_turns(stripped, start, period) >= _MIN_TURNS:
                return "\n".join(lines[: start + period])
    return text


def _count_turns(lines: list[str], start: int, period: int) -> int:
    block = lines[start : start + period]
    if not any(block):
        return 1
    turns = 1
    while lines[start + turns * period : start + (turns + 1) * period] == block:
        turns += 1
    return turns
