"""Answering: which model is asked for a place, and with how much of the text. Event loop only.

A slow model reads a new place for seconds. Until it has, the embedded model answers; where that one does not know the
language, the slow one answers from a narrow window, which it reads at once.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sotto_engine.errors import SottoError
from sotto_engine.request import Completion, FillInRequest, FinishReason
from sotto_lsp.completion.fit.fitting import Suggestion, fit
from sotto_lsp.completion.fit.place import Place, Places
from sotto_lsp.completion.pace import TypingPace
from sotto_lsp.completion.reading import Reading
from sotto_lsp.completion.request import build_request, narrow
from sotto_lsp.completion.suffixes import FrozenSuffixes
from sotto_lsp.documents.gap_text import Text
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.host.explanations import Explanation
from sotto_lsp.host.scheduler import Priority
from sotto_lsp.host.session import Session

log = logging.getLogger(__name__)

_GRACE_S = 0.05
"""The engine ends by itself at the deadline; this is for the way back."""
_CHARS_PER_TOKEN = 3


@dataclass(frozen=True)
class Side:
    """A model, and what belongs to it of the open documents."""

    session: Session
    places: Places
    suffixes: FrozenSuffixes

    def forget(self, uri: str) -> None:
        """The document was closed, or is another one."""
        self.places.forget(uri)
        self.suffixes.forget(uri)


@dataclass(frozen=True)
class Asked:
    """Where: `document` is the snapshot's text, or what that would be after an edit."""

    snapshot: DocumentSnapshot
    document: Text
    offset: int
    is_invoked: bool = False


class Answering:
    """Asks the models. `plan_prompt`: has a prompt computed while nothing else is to do."""

    def __init__(self, main: Side, stand_in: Side | None, pace: TypingPace) -> None:
        self._main = main
        self._stand_in = stand_in
        self._pace = pace
        self._reading = Reading(main.session)
        self.plan_prompt: Callable[[FillInRequest], None] = lambda _: None

    def stop(self) -> None:
        """Nothing is read on: it is another model now, or other settings."""
        self._reading.stop()

    def forget(self, uri: str) -> None:
        """The document was closed, or is another one."""
        if self._stand_in is not None:
            self._stand_in.forget(uri)

    async def ask(self, asked: Asked, place: Place, explanation: Explanation) -> Suggestion:
        """A model's answer, fitted to the place as it is now. `place`: as the main model's places read it."""
        main, uri = self._main, asked.snapshot.uri
        request = self._build(main, asked, place)
        stand_in = self._find_stand_in(asked)
        if self._is_mains_turn(uri, request, has_stand_in=stand_in is not None):
            answer = await self._complete(main, request, uri)
            if not _is_unread(answer):
                if request.limits.only_read and not isinstance(answer, str):
                    self._reading.answered(uri, request)
                return self._fit(main, asked, place, answer, explanation)
        try:
            if stand_in is not None:
                place = stand_in.places.read(asked.snapshot, asked.document, asked.offset)
                answer = await self._complete(stand_in, self._build(stand_in, asked, place), uri)
                return self._fit(stand_in, asked, place, answer, explanation)
            little = narrow(request, _CHARS_PER_TOKEN * main.session.quick_tokens)
            answer = await self._complete(main, little, uri)
            return self._fit(main, asked, place, "unread" if _is_unread(answer) else answer, explanation)
        finally:
            self._reading.begin(uri, request)  # not before: it takes all of the processor

    def _is_mains_turn(self, uri: str, request: FillInRequest, *, has_stand_in: bool) -> bool:
        """Whether the main model is asked first. It is slow to say that it has not read a place."""
        if not has_stand_in:
            return not self._reading.is_under_way(uri, request)
        session = self._main.session
        return session.is_resident and (session.quick_tokens == 0 or self._reading.has_read(uri, request))

    def _find_stand_in(self, asked: Asked) -> Side | None:
        """The embedded model, where it is loaded and knows the language."""
        side = self._stand_in
        if side is None or not side.session.is_ready or asked.is_invoked:
            return None
        return side if side.session.knows(asked.snapshot.language_id) else None

    def _build(self, side: Side, asked: Asked, place: Place) -> FillInRequest:
        """What the side's model is asked, in its spelling."""
        request = build_request(
            place,
            side.session.settings,
            is_invoked=asked.is_invoked,
            decode_after_ms=self._pace.decode_after_ms(),
            min_probability=side.session.min_probability,
            only_read=not asked.is_invoked and side.session.quick_tokens > 0,
        )
        if asked.is_invoked:
            side.suffixes.renew(asked.snapshot.uri, request.suffix)
        return place.spelling.for_model(side.suffixes.freeze(asked.snapshot.uri, request))

    def _fit(
        self, side: Side, asked: Asked, place: Place, answer: Completion | str, explanation: Explanation
    ) -> Suggestion:
        explanation.source = "model" if side is self._main else "embedded"
        explanation.model = side.session.loaded_name
        if isinstance(answer, str):
            return Suggestion("", 0, (answer,))
        explanation.completion = answer
        if not side.session.knows(asked.snapshot.language_id):  # it may have been loaded for this request
            return Suggestion("", 0, ("language-unknown",))
        self._pace.add_answer(answer.timings.decode_ms)
        return fit(answer, place, side.session.settings.max_lines)

    async def _complete(self, side: Side, request: FillInRequest, uri: str) -> Completion | str:
        """The engine's answer within the request's budget; a reason where it came too late or no model is there."""
        budget_s = (request.limits.deadline_ms or 60_000) / 1000
        completion = None
        try:
            async with asyncio.timeout(budget_s + _GRACE_S):
                completion = await side.session.run(
                    lambda engine, cancelled: engine.complete(request, cancelled), Priority.COMPLETION
                )
            if completion.finish_reason is not FinishReason.UNREAD:
                self._main.session.metrics.add(completion)
        except TimeoutError:
            pass
        except SottoError:
            return "no-model"  # the failure to load was reported once
        except Exception:
            log.exception("a completion failed")
            return "failed"
        if completion is None or (completion.finish_reason is FinishReason.DEADLINE and not completion.text):
            if request.limits.only_read:
                self._reading.begin(uri, request)
            else:
                self.plan_prompt(request)  # the next key should not wait as long
            return "late"
        return completion


def _is_unread(answer: Completion | str) -> bool:
    return not isinstance(answer, str) and answer.finish_reason is FinishReason.UNREAD
