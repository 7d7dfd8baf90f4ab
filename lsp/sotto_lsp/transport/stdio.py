"""The wire: takes stdin and stdout for the protocol alone, and reads framed messages on a thread of its own.

Knows Content-Length and bytes; nothing of JSON or LSP.
"""

import os
import re
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

MAX_MESSAGE_BYTES = 256 * 1024 * 1024
"""A longer message is refused as a bad header: it would only fill the memory."""
_MAX_HEADER_LINE = 64 * 1024

# Searched, not matched: after a wrong length the next header stands after the rest of a body, on one line with it.
_CONTENT_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?\n?\Z", re.IGNORECASE)


class StreamWriter:
    """Writes each message whole, whichever thread it comes from."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, data: bytes) -> None:
        with self._lock:
            self._stream.write(data)
            self._stream.flush()


class MessageReader(threading.Thread):
    """Delivers each message body, `b""` for a header without a usable length, and None at the end of input.

    A daemon, apart from every pool: a busy pool must never delay a cancellation, nor a blocked read the exit.
    """

    def __init__(self, stream: BinaryIO, deliver: Callable[[bytes | None], None]) -> None:
        super().__init__(name="sotto-stdin", daemon=True)
        self._stream = stream
        self._deliver = deliver

    def run(self) -> None:
        try:
            while (body := self._read_message()) is not None:
                self._deliver(body)
        except (OSError, ValueError):
            pass  # the stream was closed under the read: the end of input
        self._deliver(None)

    def _read_message(self) -> bytes | None:
        length: int | None = None
        seen_any = False
        while True:
            line = self._stream.readline(_MAX_HEADER_LINE)
            if not line:
                return None
            if line.strip():
                seen_any = True
                if found := _CONTENT_LENGTH.search(line):
                    length = int(found.group(1))
            elif seen_any:
                break
        if length is None or length > MAX_MESSAGE_BYTES:
            return b""
        body = self._stream.read(length)
        return body if len(body) == length else None


def claim_stdio() -> tuple[BinaryIO, BinaryIO]:
    """Take the process's stdin and stdout for the protocol.

    From here on a `print`, or the printf of a native library, goes to stderr, and a child process reads nothing.
    """
    sys.stdout.flush()
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, sink
