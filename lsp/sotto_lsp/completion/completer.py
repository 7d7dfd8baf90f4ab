"""Completer: from a keystroke to the suggestion for it. Event loop only; knows no LSP message."""

import asyncio
import logging

from sotto_engine.errors import SottoError
from sotto_engine.request import Completion, FillInRequest, FinishReason
from sotto_lsp.completion.fitting import fit
from sotto_lsp.completion.pace import TypingPace
from sotto_lsp.completion.prefetch import Prefetch
from sotto_lsp.completion.request import build_request
from sotto_lsp.completion.suffixes import FrozenSuffixes
from sotto_lsp.completion.type_through import TypeThrough
from sotto_lsp.documents.gap_text import Text
from sotto_lsp.documents.paths import file_name
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.host.scheduler import Priority
from sotto_lsp.host.session import Session

log = logging.getLogger(__name__)

_GRACE_S = 0.05
"""The engine ends by itself at the deadline; this is for the way back."""


class Completer:
    """What was suggested, and what the model has seen, of all open documents."""

    def __init__(self, session: Session, documents: DocumentStore) -> None:
        self._session = session
        self._documents = documents
        self._type_through = TypeThrough()
        self._suffixes = FrozenSuffixes()
        self._pace = TypingPace()
        self.prefetch = Prefetch(session, documents, self._type_through, self._suffixes)
        session.on_request.append(self.prefetch.stop)
        session.on_configured.append(self._forget_all)

    async def begin(self, method: str, uri: str) -> DocumentSnapshot | None:
        """The document a request is about; None if it gets no suggestion. Cancels the older request of its kind."""
        self._session.supersede(method, uri)
        snapshot = self._documents.usable_snapshot(uri)
        return snapshot if await self._session.answers_for(snapshot) else None

    async def suggest(self, snapshot: DocumentSnapshot, offset: int, *, is_invoked: bool = False) -> str:
        """The text to show at `offset`, "" for none. `is_invoked`: the user asked; no key was pressed."""
        if not is_invoked:
            self._pace.add_key()
        if rest := self._type_through.rest(snapshot, offset):
            self._session.metrics.num_from_last_suggestion += 1
            return rest
        text = await self.prefetch.following(snapshot.content, offset)
        self.prefetch.stop()
        if text:
            self._session.metrics.num_foreseen += 1
        else:
            text = await self._ask(snapshot.uri, snapshot.content, offset, is_invoked=is_invoked)
        if self._is_stale(snapshot):
            return ""
        shown = self._type_through.remember(snapshot, offset, text)
        self.prefetch.plan_after(snapshot, shown)
        return text

    async def suggest_after(self, snapshot: DocumentSnapshot, start: int, end: int, selected: str) -> str:
        """The text to show after `selected`, as if it had replaced `[start, end)` already; "" for none."""
        as_if_accepted = snapshot.content.edited(start, end, selected)
        text = await self._ask(snapshot.uri, as_if_accepted, start + len(selected))
        return "" if self._is_stale(snapshot) else text

    def document_closed(self, uri: str) -> None:
        """Forget what belongs to its places."""
        self._type_through.forget(uri)
        self._suffixes.forget(uri)
        self.prefetch.stop()

    async def _ask(self, uri: str, document: Text, offset: int, *, is_invoked: bool = False) -> str:
        """The model's answer, fitted to the place as it is now."""
        settings, pace_ms = self._session.settings, self._pace.decode_after_ms()
        request = build_request(
            document, offset, file_name(uri), settings, is_invoked=is_invoked, decode_after_ms=pace_ms
        )
        if is_invoked:
            self._suffixes.renew(uri, request.suffix)
        completion = await self._complete(self._suffixes.freeze(uri, request))
        if completion is None:
            return ""
        self._pace.add_answer(completion.timings.decode_ms)
        return fit(completion, request, document).text

    async def _complete(self, request: FillInRequest) -> Completion | None:
        """The engine's answer within the request's budget; None where it came too late or no model is there."""
        budget_s = (request.limits.deadline_ms or 60_000) / 1000
        completion = None
        try:
            async with asyncio.timeout(budget_s + _GRACE_S):
                completion = await self._session.run(
                    lambda engine, cancelled: engine.complete(request, cancelled), Priority.COMPLETION
                )
            self._session.metrics.add(completion)
        except TimeoutError:
            pass
        except SottoError:
            return None  # the failure to load was reported once
        except Exception:
            log.exception("a completion failed")
            return None
        if completion is None or (completion.finish_reason is FinishReason.DEADLINE and not completion.text):
            self.prefetch.plan_prompt(request)  # the next key should not wait as long
        return completion

    def _is_stale(self, snapshot: DocumentSnapshot) -> bool:
        """Whether the document has changed since, or was closed: an answer for its old text is not shown."""
        document = self._documents.get(snapshot.uri)
        return document is None or document.snapshot() is not snapshot

    def _forget_all(self) -> None:
        """Other settings, maybe another model."""
        self._type_through.clear()
        self.prefetch.forget()
