"""ParentWatch: notices that the editor which started the server is gone, also where stdin stays open."""

import contextlib
import logging
import os
import select
import sys
import threading
from collections.abc import Callable

POLL_S = 3.0
"""Where the system cannot tell of an end by itself."""

logger = logging.getLogger(__name__)

if sys.platform == "win32":
    import ctypes

    _SYNCHRONIZE = 0x00100000
    _WAIT_TIMEOUT = 0x00000102

    def _alive_test(pid: int) -> Callable[[], bool]:
        kernel = ctypes.windll.kernel32
        kernel.OpenProcess.restype = ctypes.c_void_p
        # The handle is kept: as long as it is open, the id is not given to another process.
        handle = ctypes.c_void_p(kernel.OpenProcess(_SYNCHRONIZE, False, pid))
        return lambda: bool(handle.value) and kernel.WaitForSingleObject(handle, 0) == _WAIT_TIMEOUT

else:

    def _alive_test(pid: int) -> Callable[[], bool]:
        if os.getppid() == pid:
            # A direct parent: exact, also while the dead parent is a zombie or its id is used again.
            return lambda: os.getppid() == pid
        return lambda: _exists(pid)

    def _exists(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except PermissionError:
            return True
        except (ProcessLookupError, OverflowError):
            return False
        return True


class ParentWatch(threading.Thread):
    """Calls `on_death` once, from its own thread, when process `pid` has ended.

    A process that is not there at the start is not watched: the editor lives in another container, say.
    """

    def __init__(self, pid: int, on_death: Callable[[], None], poll_s: float = POLL_S) -> None:
        super().__init__(name="sotto-parent-watch", daemon=True)
        self._pid = pid
        self._on_death = on_death
        self._poll_s = poll_s
        self._done = threading.Event()
        self._wake_reader, self._wake_writer = os.pipe()

    def run(self) -> None:
        if self._pid <= 0:
            return
        alive = _alive_test(self._pid)
        if not alive():
            logger.warning("The client's process %d cannot be seen from here; it is not watched.", self._pid)
            return
        if not self._wait_for_end(alive):
            return
        logger.warning("The client's process %d has ended; the server ends too.", self._pid)
        self._on_death()

    def stop(self) -> None:
        """Stop watching; returns at once."""
        self._done.set()
        with contextlib.suppress(OSError):
            os.write(self._wake_writer, b".")

    def _wait_for_end(self, alive: Callable[[], bool]) -> bool:
        """False if the watch was stopped first."""
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # an old kernel, or a sandbox that forbids it
                return self._wait_without_waking()
        while alive():
            if self._done.wait(self._poll_s):
                return False
        return True

    if sys.platform == "linux":

        def _wait_without_waking(self) -> bool:
            """Sleep until the process has ended, a zombie included, or `stop` is called: nothing wakes it."""
            process = os.pidfd_open(self._pid)
            try:
                poll = select.poll()
                poll.register(process, select.POLLIN)
                poll.register(self._wake_reader, select.POLLIN)
                ready = {number for number, _ in poll.poll()}
                return self._wake_reader not in ready
            finally:
                os.close(process)
