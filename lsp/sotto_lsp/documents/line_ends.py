"""Which line ends a document has. The model sees newlines alone."""

import re

from sotto_lsp.documents.gap_text import Text

_MAX_LINE_CHARS = 65_536


def find_line_end(text: Text, offset: int = 0) -> str:
    """What ends the line above an offset, else the line at it; a newline where there is one line only."""
    above = text[max(0, offset - _MAX_LINE_CHARS) : offset]
    if (last := max(above.rfind("\n"), above.rfind("\r"))) >= 0:
        return "\r\n" if above[max(0, last - 1) : last + 1] == "\r\n" else above[last]
    match = re.search(r"\r\n|\n|\r", text[offset : offset + _MAX_LINE_CHARS])
    return match.group() if match else "\n"


def normalize_line_ends(text: str) -> str:
    """The text with a newline for every line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
