"""CheckedEdit: what an action comes to, for one version of one document."""

from dataclasses import dataclass

from lsprotocol import types


@dataclass(frozen=True)
class CheckedEdit:
    """edits: of places that do not overlap, snippets only for a client that takes them. sentence: what was checked.

    version: None for a document that is not open. creates_file: the document is a file that is not there yet.
    """

    uri: str
    version: int | None
    edits: tuple[types.TextEdit | types.SnippetTextEdit, ...]
    sentence: str
    creates_file: bool = False
