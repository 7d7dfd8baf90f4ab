"""Foresight: what would come behind the suggestion on the screen, asked for while the user looks at it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from sotto_engine.cancel import CancelFlag
from sotto_lsp.completion.background import Background, BackgroundJob, Work
from sotto_lsp.completion.type_through import LastSuggestion
from sotto_lsp.documents.gap_text import Text

Ask = Callable[[CancelFlag], Awaitable[str]]
"""Asks the model for the next suggestion, when it has nothing better to do."""


@dataclass(frozen=True)
class _Foreseen:
    """The place behind a suggestion, once it is accepted, and what is being thought about it."""

    place: LastSuggestion
    answer: BackgroundJob[str]


class Foresight:
    """One place at a time. Only the event loop comes here."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._foreseen: _Foreseen | None = None

    def begin(self, shown: LastSuggestion, ask: Ask, then: Work | None = None) -> None:
        """Think on behind a suggestion that is shown, as if it were accepted; `then` do what is next in line."""
        self._foreseen = _Foreseen(shown.accepted(), self._background.begin(ask, then))

    def forget(self) -> None:
        """It was foreseen by another model, or for a document that is closed."""
        self._foreseen = None

    async def at(self, document: Text, offset: int) -> str:
        """What was foreseen for this place or further along it, waited for if it is thought about; "" if nothing."""
        if (foreseen := self._foreseen) is None:
            return ""
        job = foreseen.answer
        if not job.has_begun or not (job.task.done() or foreseen.place.fits(document, offset)):
            return ""
        answer = await job.result()
        return replace(foreseen.place, text=answer or "").continued_in(document, offset)
