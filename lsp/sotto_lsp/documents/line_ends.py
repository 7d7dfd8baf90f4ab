"""Which line ends a document has. The model sees newlines alone."""

import re

from sotto_lsp.documents.gap_text import Text

_MAX_FIRST_LINE_CHARS = 65_536


def find_line_end(text: Text) -> str:
    """What ends the first line; a newline where there is one line only."""
    match = re.search(r"\r\n|\n|\r", text[:_MAX_FIRST_LINE_CHARS])
    return match.group() if match else "\n"


def normalize_line_ends(text: str) -> str:
    """The text with a newline for every line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
