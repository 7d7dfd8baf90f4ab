"""How the demo looks: an editor in the terminal, or plain lines where there is none."""

import os
import time
from typing import Protocol, TextIO

from sotto_lsp.commands.demo.typist import Moment

_DIM, _GREEN, _CURSOR, _OFF = "\x1b[90;3m", "\x1b[32m", "\x1b[7m", "\x1b[0m"
_HOME, _CLEAR_LINE, _CLEAR_BELOW, _CLEAR = "\x1b[H", "\x1b[K", "\x1b[J", "\x1b[2J"
_KEY_PAUSE_S = 0.03
_ACCEPT_PAUSE_S = 0.6
_LINES_BELOW = 4


class Screen(Protocol):
    """Something that can show a moment."""

    def show(self, moment: Moment) -> None: ...


def make_screen(output: TextIO, size: os.terminal_size | None) -> Screen:
    """A redrawing screen for a terminal of this size; plain lines where `size` is None."""
    return PlainScreen(output) if size is None else TerminalScreen(output, size)


class PlainScreen:
    """One line for each suggestion that was taken over; the ghost stands between ├ and ┤."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def show(self, moment: Moment) -> None:
        if moment.accepted:
            line = moment.prefix[moment.prefix.rfind("\n") + 1 :]
            ghost = moment.accepted.replace("\n", "\n    ")
            self._output.write(f"{moment.latency_ms:6.1f} ms  {line}├{ghost}┤\n")


class TerminalScreen:
    """The lines around the cursor, redrawn in place, the ghost in grey italics."""

    def __init__(self, output: TextIO, size: os.terminal_size) -> None:
        self._output = output
        self._size = size
        output.write(_CLEAR)

    def show(self, moment: Moment) -> None:
        self._draw(moment)
        time.sleep(_ACCEPT_PAUSE_S if moment.accepted else _KEY_PAUSE_S)

    def _draw(self, moment: Moment) -> None:
        above = moment.prefix.split("\n")
        rest_of_line, *below = moment.suffix.split("\n")
        first_ghost, *more_ghost = moment.ghost.split("\n")
        rows = [*above[:-1]]
        cursor_row = f"{above[-1]}{_CURSOR} {_OFF}{_DIM}{first_ghost}{_OFF}{rest_of_line}"
        if moment.accepted:
            cursor_row += f"   {_GREEN}Tab{_OFF}"
        tail = [f"{_DIM}{line}{_OFF}" for line in more_ghost] + below[:_LINES_BELOW]
        room = max(3, self._size.lines - len(tail) - 3)
        rows = [*rows[-room:], cursor_row, *tail]
        status = f"{_DIM}sotto demo · {moment.latency_ms:.1f} ms for this key{_OFF}"
        text = "".join(f"{row}{_CLEAR_LINE}\n" for row in [*rows, "", status])
        self._output.write(_HOME + text + _CLEAR_BELOW)
        self._output.flush()
