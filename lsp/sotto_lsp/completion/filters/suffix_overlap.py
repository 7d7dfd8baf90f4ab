"""The end of a suggestion may be what stands behind the cursor already."""

from sotto_lsp.completion.filters.place import Place

_PAIRS = {")": "(", "]": "[", "}": "{"}


def suffix_overlap(text: str, place: Place) -> str:
    """Cut the longest end of the text that the suffix starts with.

    Closing brackets alone are cut only as far as they close nothing: `print(len(├x)┤)` needs both.
    """
    for size in range(min(len(text), len(place.suffix)), 0, -1):
        overlap = place.suffix[:size]
        if not text.endswith(overlap):
            continue
        if set(overlap.strip()) <= set(_PAIRS):
            line = place.line_prefix + text + place.line_suffix
            return text[: len(text) - min(size, _num_unopened(line))]
        return text[:-size]
    return text


def _num_unopened(line: str) -> int:
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
