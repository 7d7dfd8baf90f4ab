"""DocumentStore: the open documents after the client's didOpen, didChange and didClose. Event loop only."""

import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

from lsprotocol import types

from sotto_lsp.documents.gap_text import GapText
from sotto_lsp.documents.line_starts import LineStarts
from sotto_lsp.documents.snapshot import DocumentSnapshot, PositionEncoding
from sotto_lsp.documents.text_change import TrackedSpan, find_changed_part

MAX_DOCUMENT_CHARS = 2_000_000
"""A larger document is kept up to date, but features answer nothing for it."""

logger = logging.getLogger(__name__)


class Document:
    """One open document. Its snapshot is made once a version and shared."""

    def __init__(self, item: types.TextDocumentItem, encoding: PositionEncoding, max_chars: int) -> None:
        self.uri = item.uri
        self.language_id = item.language_id
        self._encoding = encoding
        self._max_chars = max_chars
        self._tracked: list[TrackedSpan] = []
        self.edited_at: int | None = None
        """The offset after the text that the last edit wrote; None if it replaced the whole text."""
        self.deleted = ""
        """What the last edit deleted, if it wrote nothing."""
        self._replace_all(_replace_surrogates(item.text), item.version)

    @property
    def version(self) -> int:
        return self._snapshot.version

    @property
    def text(self) -> str:
        return self._snapshot.text

    @property
    def is_usable(self) -> bool:
        """Neither too large nor binary: with a NUL character, which source code never has."""
        return not self.has_nul and len(self._snapshot.content) <= self._max_chars

    def snapshot(self) -> DocumentSnapshot:
        """The current version; the same object until the next change."""
        return self._snapshot

    @contextmanager
    def track(self, start: int, end: int) -> Generator[TrackedSpan]:
        """Follow the whole lines `[start, end)` through all edits while the `with` block runs."""
        span = TrackedSpan(start, end)
        self._tracked.append(span)
        try:
            yield span
        finally:
            self._tracked = [each for each in self._tracked if each is not span]

    def apply(self, changes: Sequence[types.TextDocumentContentChangeEvent], version: int) -> None:
        """Apply one didChange; each change applies to the text after the one before it."""
        for change in changes:
            inserted = _replace_surrogates(change.text)
            if isinstance(change, types.TextDocumentContentChangePartial):
                self._replace(change.range, inserted, version)
            else:
                self._replace_all(inserted, version)
        if not changes:
            self._set_snapshot(self._snapshot.content, self._snapshot.line_starts, version)

    def _replace(self, span: types.Range, inserted: str, version: int) -> None:
        old = self._snapshot
        start, end = sorted((old.offset_at(span.start), old.offset_at(span.end)))
        self.deleted = "" if inserted else old.content[start:end]
        content = old.content.edited(start, end, inserted)
        # Only a text with a NUL is searched again: this change may have removed it.
        self.has_nul = "\0" in (str(content) if self.has_nul else inserted)
        for tracked in self._tracked:
            tracked.follow(start, end, len(inserted), content)
        self.edited_at = start + len(inserted)
        line_starts = old.line_starts.edited(old.content, start, end, inserted, content)
        self._set_snapshot(content, line_starts, version)

    def _replace_all(self, text: str, version: int) -> None:
        self.has_nul = "\0" in text
        if self._tracked:
            start, end, num_inserted = find_changed_part(self.text, text)
            for tracked in self._tracked:
                tracked.follow(start, end, num_inserted, text)
        self.edited_at, self.deleted = None, ""
        self._set_snapshot(GapText(text), LineStarts.of(text), version)

    def _set_snapshot(self, content: GapText, line_starts: LineStarts, version: int) -> None:
        self._snapshot = DocumentSnapshot(self.uri, self.language_id, version, content, line_starts, self._encoding)


class DocumentStore:
    """The open documents by URI, spelled as the client spells it."""

    def __init__(self, max_document_chars: int = MAX_DOCUMENT_CHARS) -> None:
        self.encoding = PositionEncoding.UTF16
        """Set by `initialize`, before the first document is opened."""
        self._max_document_chars = max_document_chars
        self._documents: dict[str, Document] = {}

    def __iter__(self) -> Iterator[Document]:
        """The open documents, oldest first."""
        return iter(list(self._documents.values()))

    def get(self, uri: str) -> Document | None:
        return self._documents.get(uri)

    def usable_snapshot(self, uri: str) -> DocumentSnapshot | None:
        """The current version of a document; None if it is not open, too large or binary."""
        document = self._documents.get(uri)
        return document.snapshot() if document is not None and document.is_usable else None

    def explain_unusable(self, uri: str) -> str | None:
        """Why there is no usable snapshot, by its code; None where there is one."""
        document = self._documents.get(uri)
        if document is None:
            return "not-open"
        return None if document.is_usable else "binary" if document.has_nul else "too-large"

    def open(self, item: types.TextDocumentItem) -> Document:
        """Open a document; one that is open already is replaced."""
        if self._documents.pop(item.uri, None) is not None:
            logger.warning("The client opened a document that was open: %s", item.uri)
        document = Document(item, self.encoding, self._max_document_chars)
        self._documents[item.uri] = document
        return document

    def change(
        self,
        identifier: types.VersionedTextDocumentIdentifier,
        changes: Sequence[types.TextDocumentContentChangeEvent],
    ) -> bool:
        """Apply a didChange; False when the document is not open."""
        document = self._documents.get(identifier.uri)
        if document is None:
            logger.warning("The client changed a document that is not open: %s", identifier.uri)
            return False
        document.apply(changes, identifier.version)
        return True

    def close(self, uri: str) -> bool:
        """Forget a document; False when it was not open."""
        if self._documents.pop(uri, None) is None:
            logger.warning("The client closed a document that is not open: %s", uri)
            return False
        return True


def _replace_surrogates(text: str) -> str:
    """`text` with U+FFFD for lone surrogates, which JSON can carry and no tokenizer or file takes.

    U+FFFD is as long as a lone surrogate in every position encoding: no position moves.
    """
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text
