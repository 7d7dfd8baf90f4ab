"""Run as a program, `limited_process.py PROGRAM ARGUMENT...`: becomes that program, with limits to what it can take.

For code that nobody has read yet, on Linux and macOS. Where the system lets a user have it (Linux), the program sees
no network but an empty one of its own. Imports nothing of Sotto: it may be run by any Python.
"""

import contextlib
import ctypes
import os
import resource
import sys
from pathlib import Path

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
"""CLONE_NEWUSER and CLONE_NEWNET of Linux"""
_CANNOT_START = 127
_MOST = {
    resource.RLIMIT_CPU: 60,  # seconds
    resource.RLIMIT_DATA: 4 << 30,
    resource.RLIMIT_FSIZE: 256 << 20,
    resource.RLIMIT_CORE: 0,
}


def main() -> None:
    for limit, most in _MOST.items():
        _, allowed = resource.getrlimit(limit)
        bound = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        with contextlib.suppress(OSError, ValueError):  # macOS refuses some
            resource.setrlimit(limit, (bound, bound))
    _leave_the_network()
    try:
        os.execv(sys.argv[1], sys.argv[1:])
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}\n")
        sys.exit(_CANNOT_START)


def _leave_the_network() -> None:
    if sys.platform != "linux":
        return
    ids = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK) == 0 or libc.unshare(_NEW_USER | _NEW_NETWORK) != 0:
        return
    with contextlib.suppress(OSError):  # else it is nobody, who may do as much
        for name, said in (
            ("setgroups", "deny"),
            ("uid_map", f"{ids[0]} {ids[0]} 1"),
            ("gid_map", f"{ids[1]} {ids[1]} 1"),
        ):
            Path("/proc/self", name).write_text(said, encoding="ascii")


if __name__ == "__main__":
    main()
