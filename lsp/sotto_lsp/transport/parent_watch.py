"""watch_parent: notices that the editor which started the server is gone, also where stdin stays open."""

import contextlib
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


def watch_parent(pid: int, on_death: Callable[[], None]) -> None:
    """Call `on_death` once, from a thread of its own, when process `pid` has ended.

    A process that is not there at the start is not watched: the editor lives in another container, say.
    """
    if pid > 0:
        threading.Thread(target=_watch, args=(pid, on_death), name="sotto-parent-watch", daemon=True).start()


def _watch(pid: int, on_death: Callable[[], None]) -> None:
    if not _wait_for_end(pid):
        logger.warning("The client's process %d cannot be seen from here; it is not watched.", pid)
        return
    logger.warning("The client's process %d has ended; the server ends too.", pid)
    on_death()


def _wait_for_end(pid: int) -> bool:
    """Sleep until the process has ended, a zombie included. False where there is none."""
    if sys.platform == "linux":
        try:
            process = os.pidfd_open(pid)
        except (ProcessLookupError, OverflowError):
            return False
        except OSError:  # an old kernel, or a sandbox that forbids it
            return _poll_for_end(pid)
        poll = select.poll()
        poll.register(process, select.POLLIN)
        poll.poll()
        return True
    return _poll_for_end(pid)


def _poll_for_end(pid: int) -> bool:
    import psutil  # noqa: PLC0415 - a start need not wait for it

    try:
        process = psutil.Process(pid)
    except (psutil.NoSuchProcess, OverflowError):
        return False
    with contextlib.suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(_POLL_S)
    return True
