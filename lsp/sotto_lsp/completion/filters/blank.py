"""Nothing but white space is no suggestion."""

from sotto_lsp.completion.filters.place import Place


def blank(text: str, place: Place) -> str:
    """Drop white space; take trailing white space off the rest."""
    del place
    return text.rstrip() if text.strip() else ""
