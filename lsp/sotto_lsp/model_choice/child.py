"""`sotto` in a process of its own, of low priority: neither its memory nor its connections are the server's."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence

from sotto_engine.errors import SottoError

_NICENESS = 10
_GRACE_S = 5.0
"""For it to take away what it has written, once it is told to end."""
_MAX_LINE_NBYTES = 1 << 20

OnStep = Callable[[str, float | None], None]
"""What is being done, and how much of it is done: 0 to 1, or None where nobody knows."""


async def run_sotto(arguments: Sequence[str], on_step: OnStep = lambda step, share: None) -> str:
    """Run a command to its end; what it prints besides its steps. Cancelling ends it.

    Raises SottoError with the sentence that the command ends with where it fails.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "sotto_lsp", *arguments),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            limit=_MAX_LINE_NBYTES,
            env=os.environ | {"PYTHONUTF8": "1"},
            start_new_session=os.name != "nt",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0)
            | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
        )
    except OSError as error:
        raise SottoError(f"Python could not be started ({error.strerror}); run `sotto doctor`.") from error
    _yield_to_others(process)
    assert process.stdout is not None and process.stderr is not None
    try:
        printed, complaint = await asyncio.gather(_read_steps(process.stdout, on_step), process.stderr.read())
        code = await process.wait()
    finally:
        await _end(process)
    if code != 0:
        lines = complaint.decode("utf-8", errors="replace").strip().splitlines()
        raise SottoError(
            lines[-1].removeprefix("sotto: ") if lines else f"It ended with exit code {code}; try again."
        )
    return printed


async def _read_steps(stream: asyncio.StreamReader, on_step: OnStep) -> str:
    """Tell the steps; the lines that are none, joined."""
    others: list[str] = []
    async for line in stream:
        text = line.decode("utf-8", errors="replace")
        step = _parse_step(text)
        if step is None:
            others.append(text)
        else:
            on_step(*step)
    return "".join(others)


def _parse_step(line: str) -> tuple[str, float | None] | None:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        message = json.loads(line)
        share = message["share"]
        return str(message["step"]), None if share is None else min(1.0, max(0.0, float(share)))
    return None


def _yield_to_others(process: Process) -> None:
    """Keys go first."""
    if os.name != "nt":
        with contextlib.suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)


async def _end(process: Process) -> None:
    """With everything that it has started: asked first, as by Ctrl-C, so that it leaves nothing half done."""
    if process.returncode is not None:
        return
    if os.name != "nt":
        _signal_group(process, signal.SIGINT)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _GRACE_S)
            return
        _signal_group(process, signal.SIGKILL)
    else:
        process.kill()
    await process.wait()


def _signal_group(process: Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter on macOS
        os.killpg(process.pid, number)
