"""Prefetch: what is probably requested next is computed while the machine is idle. Event loop only.

One queue of jobs, those of the latest place alone. In this order: the prompt of a request whose time ran out, what
follows the suggestion on the screen, the prompt with the suffix as it is by now, the next line's prompt. Instead of
them: the prompt of the place where the cursor probably is, or of the first action of a menu.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from lsprotocol import types

from sotto_engine.cancel import CancelFlag
from sotto_engine.request import FillInRequest, Request
from sotto_lsp.completion.fit.fitting import Suggestion, fit
from sotto_lsp.completion.fit.place import Place, Places
from sotto_lsp.completion.request import begin_next_line, build_request
from sotto_lsp.completion.suffixes import FrozenSuffixes, without_closers
from sotto_lsp.completion.type_through import PlacedSuggestion, TypeThrough
from sotto_lsp.documents.gap_text import Text
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.host.scheduler import Priority
from sotto_lsp.host.session import Session

log = logging.getLogger(__name__)

IDLE_S = 0.1
"""The queue begins after so long without a new plan: fast keys cost nothing for the jobs they end."""
_MAX_TOKENS = 16_384
"""Prompt tokens between two suggestions, about ten whole contexts: moving about without typing costs no more."""


@dataclass
class _Following:
    """The suggestion after the one on the screen, for the place where that is accepted."""

    place: PlacedSuggestion
    suggestion: "asyncio.Future[Suggestion]"
    has_begun: bool = False


class Prefetch:
    """Any request ends all jobs. The rows that they have computed stay in the prefix cache."""

    def __init__(
        self,
        session: Session,
        documents: DocumentStore,
        places: Places,
        type_through: TypeThrough,
        suffixes: FrozenSuffixes,
        find_refusal: Callable[[DocumentSnapshot], Awaitable[str | None]],
    ) -> None:
        """find_refusal: why nothing is suggested in a document; the model does not read such a one ahead either."""
        self._session = session
        self._documents = documents
        self._places = places
        self._type_through = type_through
        self._suffixes = suffixes
        self._find_refusal = find_refusal
        self._jobs: deque[Callable[[CancelFlag], Awaitable[None]]] = deque()
        self._running: CancelFlag | None = None
        """Of the task that works the queue off, if there is one"""
        self._following: _Following | None = None
        self._num_tokens = 0

    def stop(self) -> None:
        """End all jobs. The flag is set at once, before the request that comes now reaches the scheduler."""
        self._jobs.clear()
        if self._running is not None:
            self._running.set()
            self._running = None
        if self._following is not None and not self._following.suggestion.done():
            self._following.suggestion.set_result(Suggestion())

    def forget(self) -> None:
        """End all jobs; what they have answered is from another model or other settings."""
        self.stop()
        self._following = None

    async def following(self, document: Text, offset: int) -> Suggestion:
        """The suggestion after the accepted one, or the rest of it, once it is there; none if it was not begun."""
        following = self._following
        if following is None or not following.has_begun:
            return Suggestion()
        if not following.suggestion.done() and not following.place.fits(document, offset):
            return Suggestion()
        suggestion = await asyncio.shield(following.suggestion)  # the request that waits may be cancelled
        return replace(following.place, suggestion=suggestion).rest(document, offset)

    def plan_prompt(self, request: Request) -> None:
        """The prompt of a request that will come, or come again."""
        self.stop()
        self._add(partial(self._prefill, request))

    def plan_after(self, snapshot: DocumentSnapshot, shown: PlacedSuggestion) -> None:
        """What comes after a suggestion that is shown, or after none."""
        self._num_tokens = 0
        if shown.suggestion.text:
            accepted = shown.accept(snapshot.content)
            answer = asyncio.get_running_loop().create_future()
            self._following = _Following(PlacedSuggestion.at(accepted, shown.end, Suggestion()), answer)
            self._add(partial(self._follow, snapshot, accepted, self._following))
        self._add(partial(self._renew_suffix, snapshot, shown.offset))
        self._add(partial(self._prefill_next_line, snapshot, shown))

    def document_opened(self, uri: str) -> None:
        """The cursor may be anywhere. With the prefix first, the end's prompt has the rows of every place above."""
        if (snapshot := self._documents.usable_snapshot(uri)) is not None:
            self._plan_place(snapshot, len(snapshot.content))

    def document_changed(self, uri: str) -> None:
        """The cursor is probably after the text that was written."""
        document = self._documents.get(uri)
        if document is None or not document.is_usable or document.edited_at is None:
            self.stop()
        else:
            self._plan_place(document.snapshot(), document.edited_at)

    def cursor_moved(self, uri: str, position: types.Position) -> None:
        """A request for code actions came from there; some editors send one whenever the cursor moves."""
        if (snapshot := self._documents.usable_snapshot(uri)) is not None:
            self._plan_place(snapshot, snapshot.offset_at(position))

    def _plan_place(self, snapshot: DocumentSnapshot, offset: int) -> None:
        if not self._type_through.fits(snapshot, offset):  # else the jobs are those after that suggestion
            self.stop()
            self._add(partial(self._prefill_place, snapshot, offset))

    def _add(self, job: Callable[[CancelFlag], Awaitable[None]]) -> None:
        self._jobs.append(job)
        if self._running is None:
            self._running = CancelFlag()
            asyncio.create_task(self._work_off(self._running)).add_done_callback(_log_failure)

    async def _work_off(self, cancelled: CancelFlag) -> None:
        try:
            await asyncio.sleep(IDLE_S)
            while self._jobs and await self._session.may_prefetch() and not cancelled.is_set():
                await self._jobs.popleft()(cancelled)
        finally:
            if not cancelled.is_set():
                self.stop()

    async def _follow(
        self, snapshot: DocumentSnapshot, accepted: Text, following: _Following, cancelled: CancelFlag
    ) -> None:
        following.has_begun = True
        self._session.metrics.num_ahead += 1
        place = self._places.read(snapshot, accepted, following.place.offset)
        settings = self._session.settings
        is_slow = self._session.quick_tokens > 0
        request = build_request(place, settings, min_probability=self._session.min_probability, only_read=is_slow)
        patient = replace(request.limits, deadline_ms=None, line_deadline_ms=None)
        prompted = place.spelling.for_model(replace(self._suffixes.freeze(snapshot.uri, request), limits=patient))
        completion = await self._session.run(
            lambda engine, flag: engine.complete(prompted, flag), Priority.PREFETCH, cancelled
        )
        if not following.suggestion.done():
            following.suggestion.set_result(fit(completion, place, settings.max_lines))

    async def _renew_suffix(self, snapshot: DocumentSnapshot, offset: int, cancelled: CancelFlag) -> None:
        place, request = self._build(snapshot, offset)
        if not self._suffixes.is_exact(snapshot.uri, request.suffix):
            renewed = replace(request, suffix=without_closers(request.suffix))
            await self._prefill_next(place.spelling.for_model(renewed), cancelled)
            if not cancelled.is_set():
                self._suffixes.renew(snapshot.uri, request.suffix)

    async def _prefill_next_line(
        self, snapshot: DocumentSnapshot, shown: PlacedSuggestion, cancelled: CancelFlag
    ) -> None:
        place, request = self._build(snapshot, shown.offset)
        frozen = self._suffixes.freeze(snapshot.uri, request)
        next_line = begin_next_line(frozen, shown.suggestion.text.removeprefix(place.lead))
        if next_line is not None:
            await self._prefill_next(place.spelling.for_model(next_line), cancelled)

    async def _prefill_place(self, snapshot: DocumentSnapshot, offset: int, cancelled: CancelFlag) -> None:
        if await self._find_refusal(snapshot) is None:
            place, request = self._build(snapshot, offset)
            await self._prefill(place.spelling.for_model(self._suffixes.freeze(snapshot.uri, request)), cancelled)

    async def _prefill(self, request: Request, cancelled: CancelFlag) -> None:
        if self._num_tokens < _MAX_TOKENS:
            num = await self._session.run(
                lambda engine, flag: engine.prefill(request, flag), Priority.PREFETCH, cancelled
            )
            self._num_tokens += num
            self._session.metrics.num_ahead_tokens += num

    async def _prefill_next(self, request: Request, cancelled: CancelFlag) -> None:
        """Without losing the rows of the last request, to whose place the next one will come."""
        num = await self._session.run(
            lambda engine, flag: engine.prefill_next(request, flag), Priority.PREFETCH, cancelled
        )
        self._session.metrics.num_ahead_tokens += num

    def _build(self, snapshot: DocumentSnapshot, offset: int) -> tuple[Place, FillInRequest]:
        place = self._places.read(snapshot, snapshot.content, offset)
        return place, build_request(place, self._session.settings)


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.debug("prefetch failed: %s", error)  # no request waits for it
