"""JobQueue: work for one thread, the urgent before the patient, each kind in the order it came."""

import threading
from collections import deque
from typing import Generic, TypeVar

Job = TypeVar("Job")


class JobQueue(Generic[Job]):
    """Any thread puts, one thread takes."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._urgent: deque[Job] = deque()
        self._patient: deque[Job] = deque()
        self._closed = False

    def put(self, job: Job, *, is_urgent: bool) -> None:
        with self._changed:
            (self._urgent if is_urgent else self._patient).append(job)
            self._changed.notify()

    def close(self) -> None:
        """`take` returns None as soon as nothing urgent is left."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def wait(self, timeout_s: float | None) -> bool:
        """Wait for a job or for `close`; False if neither came in time."""
        with self._changed:
            return self._changed.wait_for(self.has_news, timeout_s)

    def take(self) -> Job | None:
        """The next job; waits for one. None after `close`; what is patient is then left to `drain`."""
        with self._changed:
            self._changed.wait_for(self.has_news)
            if self._urgent:
                return self._urgent.popleft()
            return self._patient.popleft() if self._patient and not self._closed else None

    def take_urgent(self) -> Job | None:
        """The next urgent job; None if there is none at the moment."""
        if not self._urgent:  # between two passes: no lock where nobody waits
            return None
        with self._changed:
            return self._urgent.popleft() if self._urgent else None

    def has_news(self) -> bool:
        """Whether `take` would return at once."""
        return bool(self._urgent or self._patient or self._closed)

    def drain(self) -> list[Job]:
        """Everything that nobody will take any more."""
        with self._changed:
            left = [*self._urgent, *self._patient]
            self._urgent.clear()
            self._patient.clear()
            return left
