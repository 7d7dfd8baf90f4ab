"""A model that ran out of tokens or time leaves half a line."""

from sotto_lsp.completion.filters.place import Place


def unfinished_line(text: str, place: Place) -> str:
    """Take the last of several lines off if the budget ended it; half of a single line is better than none."""
    if not place.is_cut_off or "\n" not in text.strip("\n"):
        return text
    return text[: text.rfind("\n")]
