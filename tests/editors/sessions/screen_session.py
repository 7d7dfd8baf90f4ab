"""ScreenSession: an editor with a screen to look at, and the film of what the test saw on it."""

import time
from abc import ABC, abstractmethod


class ScreenSession(ABC):
    """`film`: the screen at each moment that a test waited for, one text each; an artefact of `make test-editors`."""

    def __init__(self) -> None:
        self.film: list[str] = []

    @abstractmethod
    def screen(self) -> list[str]:
        """The rows as they are displayed now."""

    @abstractmethod
    def close(self) -> None:
        """End the editor."""

    def row_with(self, text: str) -> str:
        """The first row on the screen that holds the text; "" if none does."""
        return next((row for row in self.screen() if text in row), "")

    def wait(self, happened, seconds: float = 30.0):
        """Poll until `happened()` is true and return it; AssertionError with the screen after that time.

        Nothing takes so long but where the machine does much else besides.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := happened():
                self._keep()
                return value
            time.sleep(0.03)
        self._keep()
        raise AssertionError("it did not happen; on the screen:\n" + self.film[-1])

    def stays(self, is_so, seconds: float = 0.7) -> bool:
        """Whether something is so now and at every look in the next moments."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not is_so():
                self._keep()
                return False
            time.sleep(0.01)
        return True

    def _keep(self) -> None:
        shown = "\n".join(self.screen())
        if shown not in self.film[-1:]:
            self.film.append(shown)
