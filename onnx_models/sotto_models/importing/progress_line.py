"""A line that says what is being done: redrawn with a bar on a terminal, once a step elsewhere."""

import sys
from typing import Self, TextIO

_WIDTH = 24


class ProgressLine:
    """Writes to stderr, which leaves stdout to the answer."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._step = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Clear the line."""
        if self._is_terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def show(self, step: str, share: float | None) -> None:
        if self._is_terminal:
            filled = round(_WIDTH * (share or 0))
            bar = f" [{'#' * filled}{' ' * (_WIDTH - filled)}]" if share is not None else " ..."
            self._stream.write(f"\r\x1b[K{step}{bar}")
            self._stream.flush()
        elif step != self._step:
            self._stream.write(f"{step}\n")
        self._step = step
