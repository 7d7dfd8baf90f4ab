"""DocumentSync: textDocument/didOpen, didChange and didClose keep the store in step with the client's texts."""

from collections.abc import Callable

from lsprotocol import types

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
        self._documents.open(params.text_document)
        self._on_open(params.text_document.uri)

    def did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        if self._documents.change(params.text_document, params.content_changes):
            self._on_change(params.text_document.uri)

    def did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        if self._documents.close(params.text_document.uri):
            self._on_close(params.text_document.uri)

    def on_refused(self, method: str, message: Message) -> None:
        """After a change that is not valid, nothing is better than suggestions for a text the user no longer sees."""
        match message:
            case {"params": {"textDocument": {"uri": str(uri)}}} if method == types.TEXT_DOCUMENT_DID_CHANGE:
                if self._documents.get(uri) is not None:
                    self._documents.close(uri)
                    self._on_close(uri)
            case _:
                pass
