"""The one thread that owns the engine. The event loop hands it work and awaits the answers.

The engine is loaded on that thread too: work that comes before it is ready waits in the queue. Patient work (code
actions) lets urgent work (completions) go first, also in the middle, between two passes of the model.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sotto_engine.cancel import CancelFlag
from sotto_engine.yielding_flag import YieldingFlag
from sotto_lsp.host.job_queue import JobQueue

if TYPE_CHECKING:  # importing the engine loads onnxruntime: only the worker's thread pays for that
    from sotto_engine.engine import Engine
    from sotto_engine.model_files.manifest import Manifest

T = TypeVar("T")
log = logging.getLogger(__name__)

KEEP_AFTER_S = 60.0
"""Without work for so long, what was computed is kept on disk for the next start."""
KEEP_AT_END_S = 0.8
"""For what has not been kept yet: an editor that closes waits for no more than a second or two."""
_END_S = 1.0


@dataclass(frozen=True)
class _Job:
    task: "Callable[[Engine], Any]"
    cancelled: CancelFlag
    result: "Future[Any]"


class Worker:
    """Runs one task after the other on the engine; a task whose flag is set before its turn is skipped."""

    def __init__(
        self,
        load: "Callable[[], tuple[Engine, Manifest]]",
        unload_after_s: float | None = None,
        share_weights: "Callable[[Manifest], None] | None" = None,
    ) -> None:
        """`unload_after_s`: without work for so long, the engine gives its memory back until it is needed.

        `share_weights`: called once for a large model, in the first quiet time; it must return at once.
        """
        self._load = load
        self._unload_after_s = unload_after_s
        self._share_weights = share_weights
        self._jobs: JobQueue[_Job] = JobQueue()
        self._thread = threading.Thread(target=self._work, name="sotto-engine", daemon=True)
        self._loaded: Future[Manifest] = Future()
        self._engine: Engine | None = None
        self._running: list[CancelFlag] = []
        """what is at work: one task, or a patient one with an urgent one inside it"""
        self._has_news = False
        """something was computed that is not on disk"""
        self._stopped_at = 0.0
        self._keeps_at_end = False

    @property
    def is_ready(self) -> bool:
        """Whether the engine was loaded."""
        return self._loaded.done() and self._loaded.exception() is None

    def start(self) -> None:
        """Begin to load the engine."""
        self._thread.start()

    async def wait_loaded(self) -> "Manifest":
        """What the engine was loaded from, once it is ready; raises what loading raised."""
        return await asyncio.shield(asyncio.wrap_future(self._loaded))

    async def run(self, task: "Callable[[Engine], T]", cancelled: CancelFlag) -> T:
        """The task's result. Cancelling the await sets the flag, which ends the task at its next step.

        Raises what the task or the loading of the engine raised.
        """
        return await self._answer(_Job(task, cancelled, Future()), is_urgent=True)

    def patient_flag(self) -> YieldingFlag:
        """A flag for `run_patiently`, for those who want to set it themselves."""
        return YieldingFlag(self._give_way)

    async def run_patiently(
        self, task: "Callable[[Engine, CancelFlag], T]", flag: YieldingFlag | None = None
    ) -> T:
        """As `run`, for work that gives way to all of `run`'s wherever it looks at the flag that it is given."""
        cancelled = flag or self.patient_flag()
        job = _Job(lambda engine: task(engine, cancelled), cancelled, Future())
        return await self._answer(job, is_urgent=False)

    def stop(self, *, keep: bool = False) -> None:
        """End the thread after the running task, which is asked to stop at once.

        `keep`: first write to disk, in less than a second, what the next start can use; see `wait_ended`.
        """
        self._keeps_at_end = keep
        self._stopped_at = time.monotonic()
        self._jobs.close()
        for running in list(self._running):
            running.set()

    def wait_ended(self) -> None:
        """Block until what `stop` was to keep is on disk, for a second at most."""
        if self.is_ready and self._has_news and self._keeps_at_end:
            self._thread.join(_END_S)

    async def _answer(self, job: _Job, *, is_urgent: bool) -> Any:  # noqa: ANN401
        self._jobs.put(job, is_urgent=is_urgent)
        try:
            return await asyncio.wrap_future(job.result)
        except asyncio.CancelledError:
            job.cancelled.set()
            raise

    def _work(self) -> None:
        try:
            manifest = self._load_engine()
        except BaseException as error:
            self._loaded.set_exception(error)
            self._refuse_all(error)
            return
        self._loaded.set_result(manifest)
        if self._share_weights is not None and not manifest.is_large:
            self._share_weights = None
        while (job := self._next_job()) is not None:
            self._do(job)
        if self._keeps_at_end:
            self._keep_prompts(lambda: time.monotonic() > self._stopped_at + KEEP_AT_END_S)
        for left in self._jobs.drain():
            left.result.cancel()

    def _load_engine(self) -> "Manifest":
        self._engine, manifest = self._load()
        return manifest

    def _next_job(self) -> _Job | None:
        quiet_s = min(KEEP_AFTER_S, self._unload_after_s or KEEP_AFTER_S)
        if (self._has_news or self._share_weights) and not self._jobs.wait(quiet_s):
            self._keep_prompts(self._jobs.has_news)
            self._begin_sharing()
        if not self._jobs.wait(self._unload_after_s):
            log.info("nothing to do: the model is unloaded until it is needed")
            self._engine = None
        return self._jobs.take()

    def _keep_prompts(self, must_stop: Callable[[], bool]) -> None:
        """What is left when it has to stop is tried again at the next quiet time."""
        if self._engine is None or not self._has_news:
            return
        try:
            self._engine.keep_prompts(must_stop)
        except Exception:
            log.exception("prompts could not be kept for the next start")
        self._has_news = must_stop()

    def _begin_sharing(self) -> None:
        """So that another window, and this one when it loads the model again, need no weights of their own."""
        share, self._share_weights = self._share_weights, None
        if share is None:
            return
        try:
            share(self._loaded.result())
        except Exception:
            log.exception("the model's weights could not be shared with other windows")

    def _do(self, job: _Job) -> None:
        if CancelFlag.is_set(job.cancelled) or not job.result.set_running_or_notify_cancel():
            job.result.cancel()
            return
        self._running.append(job.cancelled)
        try:
            if self._engine is None:
                self._load_engine()
            assert self._engine is not None
            self._has_news = self._engine.store is not None
            job.result.set_result(job.task(self._engine))
        except BaseException as error:
            log.debug("a task failed", exc_info=True)
            job.result.set_exception(error)
        finally:
            self._running.pop()

    def _give_way(self) -> None:
        """On the worker's thread, inside a patient task: do what is urgent now."""
        while (job := self._jobs.take_urgent()) is not None:
            self._do(job)

    def _refuse_all(self, error: BaseException) -> None:
        while (job := self._jobs.take()) is not None:
            with contextlib.suppress(Exception):
                job.result.set_exception(error)
