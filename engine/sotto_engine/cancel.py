"""The flag by which another thread breaks off a completion."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager


class CancelFlag:
    """Set once, by any thread; looked at between slices and decode steps, and able to end a running pass."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set = False
        self._watchers: list[Callable[[], None]] = []

    def set(self) -> None:
        """Ask the completion to stop; every watcher runs now, in the calling thread."""
        with self._lock:
            self._set = True
            for watcher in self._watchers:
                watcher()

    def is_set(self) -> bool:
        return self._set

    def wait(self, seconds: float) -> None:
        """Until it is set, for at most so long."""
        woken = threading.Event()
        with self.watched_by(woken.set):
            woken.wait(seconds)

    @contextmanager
    def watched_by(self, watcher: Callable[[], None]) -> Generator[None]:
        """Call `watcher` if the flag is set while the `with` block runs, or at once if it is set."""
        with self._lock:
            if self._set:
                watcher()
            self._watchers.append(watcher)
        try:
            yield
        finally:
            with self._lock:
                self._watchers.remove(watcher)
