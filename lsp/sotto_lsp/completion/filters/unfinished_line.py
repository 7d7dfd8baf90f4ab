"""A model that ran out of tokens or time leaves half a line."""

from sotto_lsp.completion.filters.surroundings import Surroundings


def unfinished_line(text: str, around: Surroundings) -> str:
    """Take off the last of several lines if a budget ended it. Half of a single line is better than none."""
    if not around.is_cut_off or "\n" not in text.strip("\n"):
        return text
    return text[: text.rfind("\n")]
