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
        """Take no more jobs. The ones that are left, for the caller to cancel."""
        with self._changed:
            self._closed = True
            self.wake()
            return list(self._jobs)

    def has_jobs(self) -> bool:
        """Whether `take` has something to return, now or after a rest."""
        return bool(self._jobs) or self._closed

    def wait(self, timeout_s: float | None) -> bool:
        """Wait for a job or for `close`; False if neither came in time."""
        with self._changed:
            return self._changed.wait_for(self.has_jobs, timeout_s)

    def take(self) -> _Job | None:
        """The most urgent job; it stays in the queue. Waits for one. A job that rests keeps its turn.

        None when the queue is closed and all jobs have ended.
        """
        with self._changed:
            while self._jobs or not self._closed:
                self.has_news = False
                job = min(self._jobs, key=_Job.urgency, default=None)
                if job is None:
                    self._changed.wait()
                elif job.cancelled.is_set() or (rest_s := job.rests_until - time.monotonic()) <= 0:
                    return job
                else:
                    self._changed.wait(rest_s)
            return None

    def remove(self, job: _Job) -> None:
        with self._changed:
            self._jobs.remove(job)


class Scheduler:
    """Runs jobs on the engine; one whose flag is set before its turn is skipped."""

    def __init__(self, load: "Callable[[], tuple[Engine | None, Manifest]]", idle: Idle | None = None) -> None:
        """load: called at the start, where it may leave the engine out, and for a job when there is no engine."""
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

    @property
    def is_resident(self) -> bool:
        """Whether the engine is in memory: it was loaded, and not given back for want of work."""
        return self._engine is not None

    @property
    def quick_tokens(self) -> int:
        """Prompt tokens that the engine reads while a user waits; 0: any number."""
        return self._engine.quick_tokens if self._engine is not None else 0

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
        """End all jobs at once, then the thread.

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
            return
        self._idle.loaded(manifest)
        self._loaded.set_result(manifest)
        while self._run_next():
            pass
        if self._keeps_at_end:
            end = self._stopped_at + KEEP_AT_END_S
            self._idle.keep_prompts(self._engine, lambda: time.monotonic() > end)

    def _load_engine(self) -> "Manifest":
        self._engine, manifest = self._load()
        return manifest

    def _run_next(self) -> bool:
        """Run the most urgent job until another one may be; False at the end of all jobs."""
        self._use_idle_time()
        job = self._queue.take()
        if job is None:
            return False
        try:
            if job.steps is not None or self._is_wanted(job):
                self._step(job)
                return True
        except StopIteration as end:
            job.result.set_result(end.value)
        except BaseException as error:
            log.debug("a job failed", exc_info=True)
            job.result.set_exception(error)
        self._queue.remove(job)
        return True

    def _is_wanted(self, job: _Job) -> bool:
        """Whether a job's result is still waited for, now that its turn has come."""
        if job.cancelled.is_set():
            job.result.cancel()
        return job.result.set_running_or_notify_cancel()

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
