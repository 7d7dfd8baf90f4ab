"""Runs a generated program where it can do little: no network, no files, not much memory or time."""

import subprocess
import sys
import tempfile

_SECONDS = 4
_MEMORY_NBYTES = 1 << 30

# Runs in the child before the program: no way out of the machine, nothing written, nothing left running.
_CAGE = f"""
import ctypes, os, resource, sys
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(NEW_NETWORK) and libc.unshare(NEW_USER | NEW_NETWORK):
    sys.exit(86)
resource.setrlimit(resource.RLIMIT_CPU, ({_SECONDS}, {_SECONDS}))
resource.setrlimit(resource.RLIMIT_AS, ({_MEMORY_NBYTES}, {_MEMORY_NBYTES}))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
program = sys.stdin.read()
exec(compile(program, "program", "exec"), {{"__name__": "__main__"}})
"""
_NO_CAGE = 86


class SandboxError(RuntimeError):
    """This machine cannot keep a program from the network, so none is run."""


def passes(program: str) -> bool:
    """Whether a Python program ends without an exception, within 4 CPU seconds and 1 GB.

    Raises SandboxError where no network namespace can be had (Linux only).
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-c", _CAGE],
                input=program.encode("utf-8", "replace"),
                cwd=folder,
                env={},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=2 * _SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
    if done.returncode == _NO_CAGE:
        raise SandboxError("Programs are run without a network only, and this machine lends no namespace.")
    return done.returncode == 0
