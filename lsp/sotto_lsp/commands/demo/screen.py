"""How the demo looks: an editor in the terminal, or plain lines where there is none."""

import os
import time
from typing import TextIO

from sotto_lsp.commands.demo.typist import Moment

_DIM, _GREEN, _CURSOR, _OFF = "\x1b[90;3m", "\x1b[32m", "\x1b[7m", "\x1b[0m"
_HOME, _CLEAR_LINE, _CLEAR_BELOW, _CLEAR = "\x1b[H", "\x1b[K", "\x1b[J", "\x1b[2J"
_KEY_PAUSE_S = 0.03
_ACCEPT_PAUSE_S = 0.6
_LINES_BELOW = 4


class Screen:
    """The lines around the cursor, redrawn in place; without `size`, one line for each accepted suggestion."""

    def __init__(self, output: TextIO, size: os.terminal_size | None) -> None:
        self._output = output
        self._num_rows = size.lines if size else 0
        if size is not None:
            output.write(_CLEAR)

    def show(self, moment: Moment) -> None:
        if self._num_rows:
            self._draw(moment)
            time.sleep(_ACCEPT_PAUSE_S if moment.accepted else _KEY_PAUSE_S)
        elif moment.accepted:
            line = moment.prefix[moment.prefix.rfind("\n") + 1 :]
            ghost = moment.accepted.replace("\n", "\n    ")
            self._output.write(f"{moment.latency_ms:6.1f} ms  {line}├{ghost}┤\n")

    def _draw(self, moment: Moment) -> None:
        """The ghost in grey italics."""
        above = moment.prefix.split("\n")
        rest_of_line, *below = moment.suffix.split("\n")
        first_ghost, *more_ghost = moment.ghost.split("\n")
        rows = [*above[:-1]]
        cursor_row = f"{above[-1]}{_CURSOR} {_OFF}{_DIM}{first_ghost}{_OFF}{rest_of_line}"
        if moment.accepted:
            cursor_row += f"   {_GREEN}Tab{_OFF}"
        tail = [f"{_DIM}{line}{_OFF}" for line in more_ghost] + below[:_LINES_BELOW]
        room = max(3, self._num_rows - len(tail) - 3)
        rows = [*rows[-room:], cursor_row, *tail]
        status = f"{_DIM}sotto demo · {moment.latency_ms:.1f} ms for this key{_OFF}"
        text = "".join(f"{row}{_CLEAR_LINE}\n" for row in [*rows, "", status])
        self._output.write(_HOME + text + _CLEAR_BELOW)
        self._output.flush()
