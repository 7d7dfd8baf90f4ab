"""The end of a suggestion may repeat what stands after the cursor."""

from sotto_lsp.completion.filters.surroundings import Surroundings

_PAIRS = {")": "(", "]": "[", "}": "{"}


def suffix_overlap(text: str, around: Surroundings) -> str:
    """Cut the longest end of the text that the suffix starts with.

    Closing brackets alone are cut only as far as they close nothing: `print(len(├x)┤)` needs both.
    """
    for size in range(min(len(text), len(around.suffix)), 0, -1):
        overlap = around.suffix[:size]
        if not text.endswith(overlap):
            continue
        if set(overlap.strip()) <= set(_PAIRS):
            line = around.line_prefix + text + around.line_suffix
            return text[: len(text) - min(size, _count_unopened(line))]
        return text[:-size]
    return text


def _count_unopened(line: str) -> int:
    """Closing brackets that no bracket before them opens."""
    depth: list[str] = []
    unopened = 0
    for character in line:
        if character in _PAIRS.values():
            depth.append(character)
        elif character in _PAIRS:
            if depth and depth[-1] == _PAIRS[character]:
                depth.pop()
            else:
                unopened += 1
    return unopened
