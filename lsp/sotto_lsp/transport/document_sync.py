"""DocumentSync and NotebookSync: didOpen, didChange and didClose keep the store in step with the client's texts.

The cells of a notebook are documents; `Notebooks` has their order.
"""

from collections.abc import Callable, Sequence

from lsprotocol import types

from sotto_lsp.documents.notebooks import Notebooks
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.transport.pygls_adapter import Message

OnDocument = Callable[[str], object]
"""Called with a document's URI, once the store has the new state."""


class DocumentSync:
    """What the callbacks get is what the store took; what it does not take is in its log."""

    def __init__(
        self, documents: DocumentStore, on_open: OnDocument, on_change: OnDocument, on_close: OnDocument
    ) -> None:
        self._documents = documents
        self._on_open, self._on_change, self._on_close = on_open, on_change, on_close

    def did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        self.open(params.text_document)

    def did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        self.change(params.text_document, params.content_changes)

    def did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self.close(params.text_document.uri)

    def on_refused(self, method: str, message: Message) -> None:
        """After a change that is not valid, nothing is better than suggestions for a text the user no longer sees."""
        match message:
            case {"params": {"textDocument": {"uri": str(uri)}}} if method == types.TEXT_DOCUMENT_DID_CHANGE:
                self.close_if_open(uri)
            case _:
                pass

    def open(self, document: types.TextDocumentItem) -> None:
        self._documents.open(document)
        self._on_open(document.uri)

    def change(
        self,
        document: types.VersionedTextDocumentIdentifier,
        changes: Sequence[types.TextDocumentContentChangeEvent],
    ) -> None:
        if self._documents.change(document, changes):
            self._on_change(document.uri)

    def close(self, uri: str) -> None:
        if self._documents.close(uri):
            self._on_close(uri)

    def close_if_open(self, uri: str) -> None:
        if self._documents.get(uri) is not None:
            self.close(uri)


class NotebookSync:
    """A message about a notebook that is not open leaves one line in the log, and its cells are closed."""

    def __init__(self, sync: DocumentSync, notebooks: Notebooks) -> None:
        self._sync, self._notebooks = sync, notebooks

    def did_open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        self._close(params.notebook_document.uri)  # one that is open already is replaced
        self._notebooks.open(params.notebook_document.uri, params.notebook_document.cells)
        for document in params.cell_text_documents:
            self._sync.open(document)

    def did_change(self, params: types.DidChangeNotebookDocumentParams) -> None:
        uri, cells = params.notebook_document.uri, params.change.cells
        if not self._notebooks.is_open(uri) or cells is None:
            return
        if cells.structure is not None:
            self._notebooks.change_cells(uri, cells.structure.array)
            for closed in cells.structure.did_close or ():
                self._sync.close(closed.uri)
            for opened in cells.structure.did_open or ():
                self._sync.open(opened)
        for each in cells.text_content or ():
            self._sync.change(each.document, each.changes)

    def did_close(self, params: types.DidCloseNotebookDocumentParams) -> None:
        if self._notebooks.is_open(params.notebook_document.uri):
            self._close(params.notebook_document.uri)

    def on_refused(self, method: str, message: Message) -> None:
        """As for a document; a notebook's cells all are out of step then."""
        match message:
            case {"params": {"notebookDocument": {"uri": str(uri)}}} if method == types.NOTEBOOK_DOCUMENT_DID_CHANGE:
                self._close(uri)
            case _:
                self._sync.on_refused(method, message)

    def _close(self, uri: str) -> None:
        for cell in self._notebooks.close(uri):
            self._sync.close_if_open(cell)
