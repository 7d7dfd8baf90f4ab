"""The one thread that owns the engine. The event loop hands it work and awaits the answers.

The engine is loaded on that thread too: work that comes before it is ready waits in the queue.
"""

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sotto_engine.cancel import CancelFlag

if TYPE_CHECKING:  # importing the engine loads onnxruntime: only the worker's thread pays for that
    from sotto_engine.engine import Engine

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Job:
    task: "Callable[[Engine], Any]"
    cancelled: CancelFlag
    result: "Future[Any]"


class Worker:
    """Runs one task after the other on the engine; a task whose flag is set before its turn is skipped."""

    def __init__(self, load: "Callable[[], Engine]") -> None:
        self._load = load
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="sotto-engine", daemon=True)
        self._loaded: Future[None] = Future()
        self._running: CancelFlag | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the engine was loaded."""
        return self._loaded.done() and self._loaded.exception() is None

    def start(self) -> None:
        """Begin to load the engine."""
        self._thread.start()

    async def wait_loaded(self) -> None:
        """Return once the engine is ready; raises what loading raised."""
        await asyncio.shield(asyncio.wrap_future(self._loaded))

    async def run(self, task: "Callable[[Engine], T]", cancelled: CancelFlag) -> T:
        """The task's result. Cancelling the await sets the flag, which ends the task at its next step.

        Raises what the task or the loading of the engine raised.
        """
        job = _Job(task, cancelled, Future())
        self._jobs.put(job)
        try:
            return await asyncio.wrap_future(job.result)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    def stop(self) -> None:
        """End the thread after the running task, which is asked to stop at once."""
        self._jobs.put(None)
        if (running := self._running) is not None:
            running.set()

    def _work(self) -> None:
        try:
            engine = self._load()
        except BaseException as error:
            self._loaded.set_exception(error)
            self._refuse_all(error)
            return
        self._loaded.set_result(None)
        while (job := self._jobs.get()) is not None:
            if job.cancelled.is_set() or not job.result.set_running_or_notify_cancel():
                job.result.cancel()
                continue
            self._running = job.cancelled
            try:
                job.result.set_result(job.task(engine))
            except BaseException as error:
                log.debug("a task failed", exc_info=True)
                job.result.set_exception(error)
            finally:
                self._running = None

    def _refuse_all(self, error: BaseException) -> None:
        while (job := self._jobs.get()) is not None:
            with contextlib.suppress(Exception):
                job.result.set_exception(error)
