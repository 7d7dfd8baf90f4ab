"""The flag by which another thread ends a run of the engine: only a flag, it schedules nothing."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager


class CancelFlag:
    """Set once, by any thread. Who watches it hears of it at once: a running pass ends, a rest ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set = False
        self._watchers: list[Callable[[], None]] = []

    def set(self) -> None:
        """Ask the run to stop; every watcher is called now, in the calling thread."""
        with self._lock:
            self._set = True
            for watcher in self._watchers:
                watcher()

    def is_set(self) -> bool:
        return self._set

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
