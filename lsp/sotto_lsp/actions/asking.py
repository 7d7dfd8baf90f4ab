"""Asking: what every run of an action has, whatever it comes to: a model with progress, and the lines it is about."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sotto_engine.errors import SottoError
from sotto_engine.request import Completion, Request
from sotto_lsp.actions.proposal import GoesOn, Question
from sotto_lsp.documents.store import Document, DocumentStore
from sotto_lsp.documents.text_change import TrackedSpan
from sotto_lsp.host.scheduler import Priority
from sotto_lsp.host.session import Session
from sotto_lsp.transport.progress import ActionProgress

_PIECES_A_REPORT = 8


class ReportingModel:
    """The session's model; each answer is shown as progress."""

    def __init__(self, session: Session, progress: ActionProgress) -> None:
        self._session = session
        self._progress = progress
        self._loop = asyncio.get_running_loop()
        self._what, self._percentage, self._num_pieces = "", 0, 0

    def begin(self, what: str, percentage: int) -> None:
        self._what, self._percentage, self._num_pieces = what, percentage, 0
        self._progress.report(what, percentage)

    async def generate(self, request: Request) -> Completion:
        completion = await self._session.run(
            lambda engine, cancelled: engine.complete(request, cancelled, self._on_text), Priority.ACTION
        )
        self._session.metrics.add_of_action()
        return completion

    async def score(self, request: Request, texts: Sequence[str]) -> Sequence[float]:
        scores = await self._session.run(
            lambda engine, cancelled: engine.score(request, texts, cancelled), Priority.ACTION
        )
        if len(scores) < len(texts):
            raise SottoError("The model was stopped meanwhile; run the action again.")
        return scores

    def _on_text(self, piece: str) -> None:  # on the scheduler's thread
        del piece
        self._num_pieces += 1
        if self._num_pieces % _PIECES_A_REPORT == 0:
            message = f"{self._what}, {self._num_pieces} tokens"
            self._loop.call_soon_threadsafe(self._progress.report, message, self._percentage)


@dataclass(frozen=True)
class Asking:
    """One question about lines of a document; `span` follows them from then until the answer is used."""

    session: Session
    documents: DocumentStore
    document: Document
    question: Question
    span: TrackedSpan

    @property
    def num_answers(self) -> int:
        """So many at most are asked for."""
        return self.session.settings.action_candidates

    def model(self, progress: ActionProgress) -> tuple[ReportingModel, GoesOn]:
        """The model, and whether to go on, to be called before each answer: an edit of the lines ends the asking."""
        model = ReportingModel(self.session, progress)

        def goes_on(what: str, percentage: int) -> bool:
            model.begin(what, percentage)
            return not self.span.is_touched

        return model, goes_on

    def check_unchanged(self) -> None:
        """Raises SottoError where an answer has nothing any more that it could be about."""
        if self.documents.get(self.document.uri) is not self.document:
            raise SottoError("The document was closed meanwhile; nothing was changed.")
        if self.span.is_touched:
            raise SottoError("These lines were changed meanwhile; nothing was changed, run the action again.")


def make_refusal(refusals: Sequence[str]) -> SottoError:
    """The error for answers that were all refused, the likeliest first; for none where there was no answer."""
    if not refusals:
        return SottoError("The model has no answer; nothing was changed.")
    return SottoError(
        f"None of {len(refusals)} answers passes the checks (the likeliest: {refusals[0]}); nothing was changed."
    )
