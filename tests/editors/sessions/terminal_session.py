"""TerminalSession: an editor in a terminal of its own, with the screen as a person would see it."""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

import pyte

from editors.sessions.screen_session import ScreenSession

ESCAPE, ENTER, TAB, BACKSPACE = "\x1b", "\r", "\t", "\x7f"
COLUMNS, ROWS = 100, 24
ANSWERS = {rb"\x1b\[0?c": "\x1b[?62;22c", rb"\x1b\[5n": "\x1b[0n"}
"""What editors ask their terminal before they draw: what it is, whether it is well."""
# What pyte would take for something else (`CSI > 4 ; 2 m` for a colour) or not know. It shows nothing of its own.
UNKNOWN_TO_PYTE = re.compile(
    rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*(?:\$p|[munp])|\x1b\[[0-9;]*:[0-9;:]*m|\x1b[_P].*?\x1b\\"
)
UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;:<>=?$]*)?\Z")


class TerminalSession(ScreenSession):
    """One program on a pty. Keys are bytes as a terminal sends them: ESCAPE, "\\x18" for Ctrl-x."""

    def __init__(
        self,
        command: list[str],
        folder: Path,
        *,
        columns: int = COLUMNS,
        rows: int = ROWS,
        **environment: str,
    ) -> None:
        super().__init__()
        self.terminal = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.terminal)
        self._unfinished = b""
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        shown_in = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *command],  # with a controlling terminal, which Emacs opens
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env=os.environ | shown_in | environment,
        )
        os.close(slave)

    @property
    def pid(self) -> int:
        """The editor's process."""
        return self._process.pid

    def children(self, name: str) -> list[int]:
        """Processes of the editor whose command line holds the name."""
        pids = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        found = [int(pid) for each in pids.parent.parent.glob("*/children") for pid in each.read_text().split()]
        return [pid for pid in found if name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def input(self, *keys: str, pause: float = 0.05) -> None:
        """Send keys, each of them by itself: an escape and a letter sent at once would be Alt and the letter."""
        for key in keys:
            os.write(self._master, key.encode())
            end = time.monotonic() + pause
            while (left := end - time.monotonic()) > 0:
                self._pump(left)

    def screen(self) -> list[str]:
        while self._pump(0):
            pass
        return [row.rstrip() for row in self.terminal.display]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def _pump(self, seconds: float) -> bool:
        """Take in what was written, and answer what was asked; whether there was anything."""
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the program has ended
            return False
        for question, answer in ANSWERS.items():
            if re.search(question, data):
                os.write(self._master, answer.encode())
        if b"\x1b[6n" in data:
            place = self.terminal.cursor
            os.write(self._master, f"\x1b[{place.y + 1};{place.x + 1}R".encode())
        data = self._unfinished + data
        tail = UNFINISHED.search(data)
        self._unfinished = tail.group() if tail else b""
        self._stream.feed(UNKNOWN_TO_PYTE.sub(b"", data.removesuffix(self._unfinished)))
        return True
