"""Completer: from a keystroke to the suggestion for it. Event loop only; knows no LSP message."""

import asyncio
from collections.abc import Callable, Sequence

from sotto_lsp.completion.answering import Answering, Asked, Side
from sotto_lsp.completion.fit.fitting import Suggestion
from sotto_lsp.completion.fit.place import ClientRules, Places
from sotto_lsp.completion.fit.silence import find_silence
from sotto_lsp.completion.pace import TypingPace
from sotto_lsp.completion.prefetch import Prefetch
from sotto_lsp.completion.suffixes import FrozenSuffixes
from sotto_lsp.completion.taken_back import TakenBack
from sotto_lsp.completion.type_through import TypeThrough
from sotto_lsp.context.file_kinds import find_content_reason
from sotto_lsp.context.ignore import IgnoreRules
from sotto_lsp.documents.notebooks import Notebooks
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.host.explanations import Explanation, Explanations
from sotto_lsp.host.session import Session


class Completer:
    """What was suggested, and what the model has seen, of all open documents."""

    def __init__(
        self,
        session: Session,
        documents: DocumentStore,
        notebooks: Notebooks,
        folder_uris: Callable[[], Sequence[str]] = tuple,
        rules: Callable[[], ClientRules] = ClientRules,
    ) -> None:
        """folder_uris: of the client's workspace. rules: see Places."""
        self._session = session
        self._documents = documents
        self._notebooks = notebooks
        self._places = Places(session, notebooks, rules)
        self._type_through = TypeThrough()
        self._suffixes = FrozenSuffixes()
        self._pace = TypingPace()
        main, second = Side(session, self._places, self._suffixes), session.stand_in
        stand_in = Side(second, Places(second, notebooks, rules), FrozenSuffixes()) if second else None
        self._answering = Answering(main, stand_in, self._pace)
        self._taken_back = TakenBack()
        self._ignore = IgnoreRules()
        self._folder_uris = folder_uris
        self.explanations = Explanations()
        self.prefetch = Prefetch(
            session, documents, self._places, self._type_through, self._suffixes, self._find_refusal
        )
        self._answering.plan_prompt = self.prefetch.plan_prompt
        session.on_request.append(self.prefetch.stop)
        session.on_configured.append(self._forget_all)

    async def begin(self, method: str, uri: str) -> DocumentSnapshot | None:
        """The document a request is about; None if it gets no suggestion. Cancels the older request of its kind."""
        self._session.supersede(method, uri)
        snapshot = self._documents.usable_snapshot(uri)
        reason = self._documents.explain_unusable(uri)
        if snapshot is not None:
            reason = await self._find_refusal(snapshot)
        if reason is None:
            return snapshot
        self.explanations.begin(uri).reasons = (reason,)
        return None

    async def suggest(self, snapshot: DocumentSnapshot, offset: int, *, is_invoked: bool = False) -> Suggestion:
        """What to show at `offset`. `is_invoked`: the user asked; no key was pressed."""
        explanation = self.explanations.begin(snapshot.uri, snapshot.position_at(offset))
        if not is_invoked:
            self._pace.add_key()
        try:
            suggestion = await self._suggest(snapshot, offset, is_invoked, explanation)
        except asyncio.CancelledError:
            explanation.reasons = ("cancelled",)
            raise
        explanation.shown, explanation.reasons = suggestion.text, suggestion.reasons
        return suggestion

    async def suggest_after(self, snapshot: DocumentSnapshot, start: int, end: int, selected: str) -> Suggestion:
        """What to show after `selected`, as if it had replaced `[start, end)` already."""
        explanation = self.explanations.begin(snapshot.uri, snapshot.position_at(start))
        as_if_accepted = snapshot.content.edited(start, end, selected)
        place = self._places.read(snapshot, as_if_accepted, start + len(selected))
        asked = Asked(snapshot, as_if_accepted, start + len(selected))
        suggestion = await self._answering.ask(asked, place, explanation)
        if self._is_stale(snapshot):
            suggestion = Suggestion("", 0, ("stale",))
        explanation.shown, explanation.reasons = suggestion.text, suggestion.reasons
        return suggestion

    def document_opened(self, uri: str) -> None:
        """Whatever was known of it was of another text."""
        self._forget(uri)
        self.prefetch.document_opened(uri)

    def document_changed(self, uri: str) -> None:
        """Something was typed or deleted."""
        document = self._documents.get(uri)
        if document is not None and document.edited_at is not None and document.deleted:
            self._taken_back.add(uri, document.snapshot().content, document.edited_at, document.deleted)
        self.prefetch.document_changed(uri)

    def document_closed(self, uri: str) -> None:
        """Forget what belongs to its places."""
        self._forget(uri)
        self.prefetch.stop()

    async def _suggest(
        self, snapshot: DocumentSnapshot, offset: int, is_invoked: bool, explanation: Explanation
    ) -> Suggestion:
        rest = self._type_through.rest(snapshot, offset)
        if rest.text and not self._is_taken_back(snapshot, offset, rest):
            self._session.metrics.num_from_last_suggestion += 1
            explanation.source = "shown"
            return rest
        place = self._places.read(snapshot, snapshot.content, offset)
        if (reason := find_silence(place, self._session.settings, is_invoked=is_invoked)) is not None:
            self.prefetch.stop()  # what comes next is computed all the same: after a statement comes a line
            self.prefetch.plan_after(snapshot, self._type_through.remember(snapshot, offset, Suggestion()))
            return Suggestion("", 0, (reason,))
        suggestion = await self.prefetch.following(snapshot.content, offset)
        self.prefetch.stop()
        if suggestion.text:
            self._session.metrics.num_foreseen += 1
            explanation.source = "prefetch"
        else:
            asked = Asked(snapshot, snapshot.content, offset, is_invoked)
            suggestion = await self._answering.ask(asked, place, explanation)
        if self._is_stale(snapshot):
            return Suggestion("", 0, (*suggestion.reasons, "stale"))
        if self._is_taken_back(snapshot, offset, suggestion):
            suggestion = Suggestion("", 0, (*suggestion.reasons, "taken-back"))
        shown = self._type_through.remember(snapshot, offset, suggestion)
        self.prefetch.plan_after(snapshot, shown)
        return suggestion

    async def _find_refusal(self, snapshot: DocumentSnapshot) -> str | None:
        """Why nothing is suggested anywhere in a document, by its code."""
        if (reason := await self._session.find_refusal(snapshot)) is not None:
            return reason
        file = self._notebooks.file_uri(snapshot.uri)
        return self._ignore.find_reason(file, self._folder_uris()) or find_content_reason(snapshot)

    def _is_taken_back(self, snapshot: DocumentSnapshot, offset: int, suggestion: Suggestion) -> bool:
        return self._taken_back.is_rejected(snapshot.uri, snapshot.content, offset, suggestion.text)

    def _is_stale(self, snapshot: DocumentSnapshot) -> bool:
        """Whether the document has changed since, or was closed: an answer for its old text is not shown."""
        document = self._documents.get(snapshot.uri)
        return document is None or document.snapshot() is not snapshot

    def _forget(self, uri: str) -> None:
        for part in (self._type_through, self._suffixes, self._taken_back, self._places, self._answering):
            part.forget(uri)

    def _forget_all(self) -> None:
        """Other settings, maybe another model."""
        self._type_through.clear()
        self._answering.stop()
        self.prefetch.forget()
