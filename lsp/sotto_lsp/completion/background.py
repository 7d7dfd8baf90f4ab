"""Background: work that nobody has asked for yet, while the machine is idle. Event loop only."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sotto_engine.cancel import CancelFlag
from sotto_engine.cancel import CancelFlag

T = TypeVar("T")
Work = Callable[[CancelFlag], Awaitable[object]]
log = logging.getLogger(__name__)

IDLE_S = 0.1
"""A key within this time costs nothing for what it makes superfluous."""


@dataclass
class BackgroundJob(Generic[T]):
    """One piece of work, waiting for the idle time, running or done."""

    flag: CancelFlag
    task: "asyncio.Task[T | None]"
    has_begun: bool = False

    async def result(self) -> T | None:
        """What came of it, waited for; None, at once, where it was stopped or has failed."""
        if not CancelFlag.is_set(self.flag):
            await asyncio.wait([self.task])
        if CancelFlag.is_set(self.flag) or self.task.cancelled() or self.task.exception() is not None:
            return None
        return self.task.result()

    def stop(self) -> None:
        """At once: the flag is set before the question that comes now is handed to the worker."""
        if not self.task.done():
            self.flag.set()


class Background:
    """One job at a time. It is patient: it gives way to every question, and a newer one or `stop` ends it.

    It ends in the middle of a pass; the rows of the passes before are in the cache for the question that stopped it.
    """

    def __init__(self, new_flag: Callable[[], CancelFlag]) -> None:
        self._new_flag = new_flag
        self._job: BackgroundJob[Any] | None = None

    @property
    def is_busy(self) -> bool:
        return self._job is not None and not self._job.task.done()

    def begin(
        self, work: Callable[[CancelFlag], Awaitable[T]], then: "Work | None" = None
    ) -> BackgroundJob[T]:
        """Returns at once; the work begins when nothing has stopped it for `IDLE_S`, and `then` when it is done."""
        self.stop()
        flag = self._new_flag()

        async def run() -> T | None:
            await asyncio.sleep(IDLE_S)
            if CancelFlag.is_set(flag):
                return None
            job.has_begun = True
            return await work(flag)

        job = BackgroundJob(flag, asyncio.create_task(run()))
        job.task.add_done_callback(_log_failure)
        self._job = job
        if then is not None:
            job.task.add_done_callback(lambda task: self._go_on(task, then))
        return job

    def _go_on(self, done: "asyncio.Task[Any]", then: "Work") -> None:
        """What was stopped is followed by nothing."""
        if self._job is not None and self._job.task is done and not done.cancelled():
            self.begin(then)

    def stop(self) -> None:
        """Somebody wants to know something: the model is free at once."""
        if self._job is not None:
            self._job.stop()
            self._job = None


def _log_failure(task: "asyncio.Task[object]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.debug("work in the background failed: %s", error)  # nobody has asked for it
