"""LikelyPlace: where the cursor probably is, before anything is asked; its prompt is computed in the background.

No notification says where the cursor is. An edit shows it, and so does a request for code actions, which some
editors send whenever it moves. Of a document that was only opened nothing is known: the prompt of its end is taken,
which in orders that begin with the prefix has the rows of every place above it.
"""

from functools import partial

from lsprotocol import types

from sotto_engine.cancel import CancelFlag
from sotto_lsp.completion.inline_completion import as_asked
from sotto_lsp.completion.request import build_request
from sotto_lsp.documents.paths import file_name
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.host.session import Session


class LikelyPlace:
    """Told what the client does. Only the event loop comes here."""

    def __init__(self, session: Session, documents: DocumentStore) -> None:
        self._session = session
        self._documents = documents

    def opened(self, uri: str) -> None:
        """A document was opened."""
        if (snapshot := self._documents.usable_snapshot(uri)) is not None:
            self._expect(snapshot, len(snapshot.content))

    def closed(self, uri: str) -> None:
        """A document was closed: there is no place in it any more."""
        self._session.last_suggestions.pop(uri, None)
        self._session.suffixes.forget(uri)
        self._session.background.stop()

    def edited(self, uri: str) -> None:
        """A document was changed: the cursor is probably behind what was written."""
        document = self._documents.get(uri)
        if document is None or not document.is_usable or document.edited_at is None:
            self._session.background.stop()
        else:
            self._expect(document.snapshot(), document.edited_at)

    def seen(self, uri: str, position: types.Position) -> None:
        """A request came from this place."""
        if (snapshot := self._documents.usable_snapshot(uri)) is not None:
            self._expect(snapshot, snapshot.offset_at(position))

    def _expect(self, snapshot: DocumentSnapshot, offset: int) -> None:
        last = self._session.last_suggestions.get(snapshot.uri)
        if last is not None and last.fits(snapshot.content, offset):
            return  # asked there already: what runs in the background is what comes behind it
        self._session.background.begin(partial(self._prefill, snapshot, offset))

    async def _prefill(self, snapshot: DocumentSnapshot, offset: int, cancelled: CancelFlag) -> None:
        if await self._session.answers_for(snapshot):
            request = build_request(snapshot.content, offset, file_name(snapshot.uri), self._session.settings)
            await self._session.prefill(as_asked(self._session, snapshot.uri, request), cancelled)
