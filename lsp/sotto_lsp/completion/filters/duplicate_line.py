"""What stands below the cursor already need not be suggested."""

from sotto_lsp.completion.filters.place import Place


def duplicate_line(text: str, place: Place) -> str:
    """Drop a suggestion whose lines are the next lines of the document; cut it where they begin."""
    below = [line.strip() for line in place.lines_below if line.strip()]
    if not below:
        return text
    lines = text.split("\n")
    first_is_below = (place.line_prefix + lines[0]).strip() == below[0]
    if first_is_below and _continues(lines[1:], below[1:]):
        return ""
    for number in range(1, len(lines)):
        if lines[number].strip() == below[0] and _continues(lines[number + 1 :], below[1:]):
            return "\n".join(lines[:number])
    return text


def _continues(lines: list[str], below: list[str]) -> bool:
    """Whether `lines`, blank ones aside, are the start of `below`; the last may be unfinished."""
    texts = [line.strip() for line in lines if line.strip()]
    if len(texts) > len(below):
        return False
    whole = all(a == b for a, b in zip(texts[:-1], below, strict=False))
    return whole and (not texts or below[len(texts) - 1].startswith(texts[-1]))
