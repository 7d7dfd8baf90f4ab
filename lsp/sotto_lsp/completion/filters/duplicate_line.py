"""What stands below the cursor already is no suggestion."""

from itertools import islice

from sotto_lsp.completion.filters.surroundings import Surroundings


def duplicate_line(text: str, around: Surroundings) -> str:
    """Drop a suggestion that repeats the lines below; cut one that reaches them."""
    lines = text.split("\n")
    below = list(islice((line.strip() for line in around.lines_below if line.strip()), len(lines)))
    if not below:
        return text
    first_is_below = (around.line_prefix + lines[0]).strip() == below[0]
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
