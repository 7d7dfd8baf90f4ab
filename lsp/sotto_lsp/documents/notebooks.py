"""Notebooks: which cells the client's notebooks have, in order, and the code around a cell. Event loop only.

A cell is a document of its own in the store. Lines for the kernel (`%magic`, `!command`, `name?`) are no Python.
"""

import logging
import re
from collections.abc import Iterable

from lsprotocol import types

from sotto_lsp.documents.gap_text import Text
from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.documents.window import WINDOW_CHARS

_MAGIC = r"(?:%{1,2}(?:[A-Za-z_]|\Z)|!(?!=)|\?)"
"""`% x` and `!= x` are Python: the second line of an expression."""
# A command goes on where its line ends with a backslash.
_KERNEL_LINES = re.compile(rf"^[ \t]*(?:{_MAGIC}(?:[^\n]*\\\n)*[^\n]*|[\w.]+\?{{1,2}}[ \t]*)(?:\n|\Z)", re.MULTILINE)
_MAGIC_PREFIX = re.compile(rf"[ \t]*(?:[\w., \t]+=[ \t]*)?{_MAGIC}")
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "debug"})
"""Cell magics that run what follows as Python in the notebook."""

logger = logging.getLogger(__name__)


def is_magic(line_prefix: str) -> bool:
    """Whether a line of a Python cell that begins so is for the kernel."""
    return _MAGIC_PREFIX.match(line_prefix) is not None


class Notebooks:
    """The cells' order is kept here, their texts in the store."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._cells: dict[str, list[str]] = {}
        """URIs of cells in order, by the notebook's URI."""
        self._notebook_of: dict[str, str] = {}
        self._codes: dict[str, tuple[DocumentSnapshot, str]] = {}
        """A cell's code, and the version that it is of."""

    def __contains__(self, uri: str) -> bool:
        """Whether a document is a cell."""
        return uri in self._notebook_of

    def file_uri(self, uri: str) -> str:
        """The notebook that a cell is in, or the document itself: what lies on the disk."""
        return self._notebook_of.get(uri, uri)

    # What the client says

    def open(self, uri: str, cells: Iterable[types.NotebookCell]) -> None:
        self._set_cells(uri, [cell.document for cell in cells])

    def change_cells(self, uri: str, change: types.NotebookCellArrayChange) -> None:
        """Delete, insert or move cells."""
        cells = list(self._cells[uri])
        cells[change.start : change.start + change.delete_count] = [cell.document for cell in change.cells or ()]
        self._set_cells(uri, cells)

    def close(self, uri: str) -> list[str]:
        """Forget a notebook; the URIs of its cells."""
        cells = self._cells.get(uri, [])
        self._set_cells(uri, [])
        self._cells.pop(uri, None)
        return cells

    def is_open(self, uri: str) -> bool:
        """Whether a notebook is open; with a line in the log where it is not."""
        if uri not in self._cells:
            logger.warning("The client named a notebook that is not open: %s", uri)
        return uri in self._cells

    def _set_cells(self, uri: str, cells: list[str]) -> None:
        for cell in self._cells.get(uri, ()):
            self._notebook_of.pop(cell, None)
        for gone in set(self._cells.get(uri, ())).difference(cells):
            self._codes.pop(gone, None)
        self._cells[uri] = cells
        self._notebook_of |= dict.fromkeys(cells, uri)

    # What a cell's document is a part of

    def around(self, uri: str) -> tuple[str, str]:
        """The code of the cells in the same language before and after a cell, `("", "")` outside notebooks.

        Whole lines with `\\n` ends, at most WINDOW_CHARS characters on each side, the nearest cells first. What comes
        after begins with the end of the cell's own last line.
        """
        cells = self._cells.get(self._notebook_of.get(uri, ""), [])
        document = self._documents.get(uri)
        if document is None or not cells:
            return "", ""
        index, language = cells.index(uri), document.language_id
        before = "".join(reversed(self._nearest(reversed(cells[:index]), language)))[-WINDOW_CHARS:]
        after = "".join(self._nearest(cells[index + 1 :], language))[:WINDOW_CHARS]
        if len(before) == WINDOW_CHARS:
            before = before[before.find("\n") + 1 :]
        return before, after and "\n" + after[: after.rfind("\n") + 1]

    def is_kernels(self, uri: str, text: Text, offset: int) -> bool:
        """Whether a place is in a line for the kernel, or in a cell that a magic gives to something else.

        text: the document's, or what it would be after an edit.
        """
        document = self._documents.get(uri)
        if uri not in self or document is None or document.language_id != "python":
            return False
        head = text[max(0, offset - WINDOW_CHARS) : offset]
        in_line = is_magic(head[max(head.rfind("\n"), head.rfind("\r")) + 1 :])
        return in_line or _is_foreign(text[:WINDOW_CHARS])

    def _nearest(self, cells: Iterable[str], language: str) -> list[str]:
        """Codes of these cells in their order, until the window is full."""
        codes: list[str] = []
        num_chars = 0
        for cell in cells:
            if num_chars >= WINDOW_CHARS:
                break
            code = self._code(cell, language)
            num_chars += len(code)
            codes.append(code)
        return codes

    def _code(self, uri: str, language: str) -> str:
        snapshot = self._documents.usable_snapshot(uri)
        if snapshot is None or snapshot.language_id != language:
            return ""
        known = self._codes.get(uri)
        if known is None or known[0] is not snapshot:
            known = self._codes[uri] = snapshot, _extract_code(snapshot)
        return known[1]


def _extract_code(snapshot: DocumentSnapshot) -> str:
    """A cell's text without what is for the kernel; a line end after its last line."""
    text = normalize_line_ends(snapshot.text)
    if snapshot.language_id == "python":
        text = "" if _is_foreign(text) else _KERNEL_LINES.sub("", text)
    return text if not text or text.endswith("\n") else f"{text}\n"


def _is_foreign(text: str) -> bool:
    """Whether a cell begins with a magic that does not run it as Python in the notebook."""
    magic = _CELL_MAGIC.match(text)
    return magic is not None and magic[1] not in _PYTHON_MAGICS
