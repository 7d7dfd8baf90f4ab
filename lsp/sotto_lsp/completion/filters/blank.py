"""White space alone is no suggestion."""

from sotto_lsp.completion.filters.surroundings import Surroundings


def blank(text: str, around: Surroundings) -> str:
    """Take off white space at the end."""
    del around
    return text.rstrip()
