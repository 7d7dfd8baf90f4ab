"""Foresight: what would come behind the suggestion on the screen, asked for while the user looks at it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sotto_engine.yielding_flag import YieldingFlag
from sotto_lsp.last_suggestion import LastSuggestion

log = logging.getLogger(__name__)

IDLE_S = 0.1
"""A key within this time of a suggestion costs nothing for what comes behind it."""


class Ask(Protocol):
    """Asks the model for the suggestion at an offset of a text, when it has nothing better to do."""

    async def __call__(self, document: str, offset: int, cancelled: YieldingFlag) -> str: ...


@dataclass(frozen=True)
class _Place:
    """A document as it will be, once a suggestion is accepted."""

    document: str
    offset: int
    cancelled: YieldingFlag
    answer: "asyncio.Task[str]"

    def rest(self, document: str, offset: int) -> str:
        """What the finished answer says at a place that it was made for, or further along it; "" otherwise."""
        if not self.answer.done() or self.answer.cancelled() or self.answer.exception() is not None:
            return ""
        return LastSuggestion(self.document, self.offset, self.answer.result()).continued_in(document, offset)


class Foresight:
    """One place at a time. Only the event loop comes here.

    The work is patient: it gives way to every request and is broken off by `stop`, at the next token.
    """

    def __init__(self, new_flag: Callable[[], YieldingFlag]) -> None:
        self._new_flag = new_flag
        self._place: _Place | None = None

    def begin(self, document: str, offset: int, suggestion: str, ask: Ask) -> None:
        """Think on behind a suggestion that is shown at `offset`, as if it were accepted."""
        self.stop()
        accepted = document[:offset] + suggestion + document[offset:]
        end, cancelled = offset + len(suggestion), self._new_flag()

        async def answer() -> str:
            await asyncio.sleep(IDLE_S)
            return await ask(accepted, end, cancelled)

        task = asyncio.create_task(answer())
        task.add_done_callback(_log_failure)
        self._place = _Place(accepted, end, cancelled, task)

    def stop(self) -> None:
        """Somebody wants to know something else: the thread is free at once, the rows that were computed stay."""
        if self._place is not None:
            self._place.cancelled.set()  # at once: the task hears of its end only in its own turn
            self._place.answer.cancel()
            self._place = None

    async def at(self, document: str, offset: int) -> str:
        """What was foreseen for this place, waited for if it is being thought about; "" if nothing was."""
        place = self._place
        if place is None:
            return ""
        if (place.document, place.offset) == (document, offset):
            await asyncio.wait([place.answer])
        return place.rest(document, offset)


def _log_failure(task: "asyncio.Task[str]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("looking ahead failed: %s", error)
