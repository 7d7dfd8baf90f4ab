"""watch_parent: notices that the editor which started the server is gone, also where stdin stays open."""

import logging
import os
import select
import sys
import threading
import time
from collections.abc import Callable

_POLL_S = 3.0
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


def watch_parent(pid: int, on_death: Callable[[], None]) -> None:
    """Call `on_death` once, from a thread of its own, when process `pid` has ended.

    A process that is not there at the start is not watched: the editor lives in another container, say.
    """
    if pid > 0:
        threading.Thread(target=_watch, args=(pid, on_death), name="sotto-parent-watch", daemon=True).start()


def _watch(pid: int, on_death: Callable[[], None]) -> None:
    is_alive = _alive_test(pid)
    if not is_alive():
        logger.warning("The client's process %d cannot be seen from here; it is not watched.", pid)
        return
    if not (sys.platform == "linux" and _wait_without_polling(pid)):
        while is_alive():
            time.sleep(_POLL_S)
    logger.warning("The client's process %d has ended; the server ends too.", pid)
    on_death()


if sys.platform == "linux":

    def _wait_without_polling(pid: int) -> bool:
        """Sleep until the process has ended, a zombie included. False where this cannot be."""
        try:
            process = os.pidfd_open(pid)
        except OSError:  # an old kernel, or a sandbox that forbids it
            return False
        poll = select.poll()
        poll.register(process, select.POLLIN)
        poll.poll()
        return True
