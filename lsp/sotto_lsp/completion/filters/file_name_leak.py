"""A model that is told the file's name puts it into code, where it is rarely a word."""

from sotto_lsp.completion.filters.surroundings import Surroundings

_MIN_CHARS = 4


def file_name_leak(text: str, around: Surroundings) -> str:
    """Drop a text with a word that contains the file's name, where the document has none."""
    stem = around.name.split(".")[0]
    if len(stem) < _MIN_CHARS or stem not in text or stem in around.prefix + around.suffix:
        return text
    return ""
