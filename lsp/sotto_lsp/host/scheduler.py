"""Who is next: the one thread that owns the engine runs one job a step at a time and decides after each step.

The event loop hands it jobs and awaits the results. The engine is loaded on that thread, too: jobs that come before
it is ready wait. Knows no feature: a job is a function that begins steps on the engine.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeVar

from sotto_engine.cancel import CancelFlag
from sotto_lsp.host.idle import KEEP_AT_END_S, Idle

if TYPE_CHECKING:  # importing the engine loads onnxruntime: only the scheduler's thread pays for that
    from sotto_engine.decode.run import Steps
    from sotto_engine.engine import Engine
    from sotto_engine.model_files.manifest import Manifest

T = TypeVar("T")
log = logging.getLogger(__name__)

_END_S = 1.0


class Priority(IntEnum):
    """The lowest goes first. The newest completion goes first, of the others the oldest."""

    COMPLETION = 0
    ACTION = 1
    PREFETCH = 2


@dataclass(eq=False)
class _Job:
    """`steps` is None until the job has begun; after that it is stepped and closed on the engine's thread alone."""

    start: "Callable[[Engine, CancelFlag], Steps[Any]]"
    priority: Priority
    cancelled: CancelFlag
    result: "Future[Any]" = field(default_factory=Future[Any])
    number: int = 0
    """in the order of arrival"""
    has_begun: bool = False
    steps: "Steps[Any] | None" = None
    rests_until: float = 0.0
    """on the monotonic clock"""

    def urgency(self) -> tuple[bool, int, int]:
        """The least is next. A cancelled job is first: its end puts back the cache that the next one needs."""
        is_completion = self.priority is Priority.COMPLETION
        return not self.cancelled.is_set(), self.priority, -self.number if is_completion else self.number


class _JobQueue:
    """All jobs that have not ended, begun or not. Any thread puts, the engine's thread takes and removes."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: list[_Job] = []
        self._num_jobs = 0
        self._closed = False
        self.has_news = False
        """Something happened since the last `take`. Read between two steps, without a lock."""

    def put(self, job: _Job) -> None:
        with self._changed:
            if self._closed:
                job.result.cancel()
                return
            self._num_jobs += 1
            job.number = self._num_jobs
            self._jobs.append(job)
            self.wake()

    def wake(self) -> None:
        """Have the engine's thread look again who is next."""
        with self._changed:
            self.has_news = True
            self._changed.notify()

    def close(self) -> list[_Job]:
        """Take no more jobs. The jobs that have begun, which the caller is to cancel."""
        with self._changed:
            self._closed = True
            self.wake()
            return [job for job in self._jobs if job.has_begun]

    def has_jobs(self) -> bool:
        """Whether `take` has something to return, now or after a rest."""
        return bool(self._jobs) or self._closed

    def wait(self, timeout_s: float | None) -> bool:
        """Wait for a job or for `close`; False if neither came in time."""
        with self._changed:
            return self._changed.wait_for(self.has_jobs, timeout_s)

    def take(self) -> _Job | None:
        """The most urgent job; it stays in the queue. Waits for one. A job that rests keeps its turn.

        After `close` only completions and what has begun are left; None when they have ended, too.
        """
        with self._changed:
            while True:
                self.has_news = False
                left = [job for job in self._jobs if not self._closed or self._is_finished_at_end(job)]
                if not left and self._closed:
                    return None
                job = min(left, key=_Job.urgency, default=None)
                rest_s = job.rests_until - time.monotonic() if job and not job.cancelled.is_set() else 0.0
                if job is not None and rest_s <= 0:
                    job.has_begun = True
                    return job
                self._changed.wait(rest_s if job else None)

    def remove(self, job: _Job) -> None:
        with self._changed:
            self._jobs.remove(job)

    def drain(self) -> list[_Job]:
        """Everything that nobody will take any more."""
        with self._changed:
            left, self._jobs = self._jobs, []
            return left

    @staticmethod
    def _is_finished_at_end(job: _Job) -> bool:
        return job.has_begun or job.priority is Priority.COMPLETION


class Scheduler:
    """Runs jobs on the engine; one whose flag is set before its turn is skipped."""

    def __init__(self, load: "Callable[[], tuple[Engine, Manifest]]", idle: Idle | None = None) -> None:
        self._load = load
        self._idle = idle or Idle()
        self._queue = _JobQueue()
        self._thread = threading.Thread(target=self._work, name="sotto-engine", daemon=True)
        self._loaded: Future[Manifest] = Future()
        self._engine: Engine | None = None
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

    async def run(
        self,
        start: "Callable[[Engine, CancelFlag], Steps[T]]",
        priority: Priority,
        cancelled: CancelFlag | None = None,
    ) -> T:
        """The result of the steps that `start` begins on the engine's thread.

        Cancelling the await sets the flag. A job whose flag is set ends at once, in the middle of a pass or a rest,
        with the result that its steps return then; before its first step it is skipped, which raises CancelledError.
        Raises what the steps or the loading of the engine raised.
        """
        job = _Job(start, priority, cancelled or CancelFlag())
        with job.cancelled.watched_by(self._queue.wake):
            self._queue.put(job)
            try:
                return await asyncio.wrap_future(job.result)
            except asyncio.CancelledError:
                job.cancelled.set()
                raise

    def stop(self, *, keep: bool = False) -> None:
        """End the thread after what has begun, which ends at once.

        `keep`: first write to disk, in less than a second, what the next start can use; see `wait_ended`.
        """
        self._keeps_at_end = keep
        self._stopped_at = time.monotonic()
        for job in self._queue.close():
            job.cancelled.set()

    def wait_ended(self) -> None:
        """Block until what `stop` was to keep is on disk, for a second at most."""
        if self.is_ready and self._idle.has_unsaved and self._keeps_at_end:
            self._thread.join(_END_S)

    # On the engine's thread

    def _work(self) -> None:
        try:
            manifest = self._load_engine()
        except BaseException as error:
            self._loaded.set_exception(error)
            while (job := self._queue.take()) is not None:
                self._queue.remove(job)
                if job.result.set_running_or_notify_cancel():
                    job.result.set_exception(error)
        else:
            self._idle.loaded(manifest)
            self._loaded.set_result(manifest)
            while self._run_next():
                pass
            if self._keeps_at_end:
                self._idle.keep_prompts(self._engine, self._is_over)
        for job in self._queue.drain():
            job.result.cancel()

    def _load_engine(self) -> "Manifest":
        self._engine, manifest = self._load()
        return manifest

    def _is_over(self) -> bool:
        return time.monotonic() > self._stopped_at + KEEP_AT_END_S

    def _run_next(self) -> bool:
        """Run the most urgent job as long as it is that; False when there will be none any more."""
        self._use_idle_time()
        job = self._queue.take()
        if job is None:
            return False
        if job.steps is None and (job.cancelled.is_set() or not job.result.set_running_or_notify_cancel()):
            self._queue.remove(job)
            job.result.cancel()
            return True
        try:
            self._step(job)
        except StopIteration as end:
            self._queue.remove(job)
            job.result.set_result(end.value)
        except BaseException as error:
            log.debug("a job failed", exc_info=True)
            self._queue.remove(job)
            job.result.set_exception(error)
        return True

    def _step(self, job: _Job) -> None:
        """Step a job until it rests or there is news. Raises StopIteration at its end, and what its steps raise."""
        if job.steps is None:
            if self._engine is None:
                self._load_engine()
            assert self._engine is not None
            self._idle.engine_used(self._engine)
            job.steps = job.start(self._engine, job.cancelled)
        rest_s = 0.0
        while not rest_s and not self._queue.has_news:
            rest_s = next(job.steps)
        job.rests_until = time.monotonic() + rest_s if rest_s else 0.0

    def _use_idle_time(self) -> None:
        """As long as there is no job, do what `Idle` has to do, and unload the engine."""
        after_s = self._idle.work_after_s
        if after_s is not None and not self._queue.wait(after_s):
            self._idle.work(self._engine, self._queue.has_jobs)
        if not self._queue.wait(self._idle.unload_after_s):
            log.info("nothing to do: the model is unloaded until it is needed")
            self._engine = None
