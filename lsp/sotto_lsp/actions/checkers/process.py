"""A project's program: where it is, and one run: kept from the network as far as it listens, bounded, ended whole."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from pathlib import Path

_SCRIPTS = Path(".venv", "Scripts" if os.name == "nt" else "bin")
_MAX_NBYTES = 8 << 20
_KEPT = frozenset({"PATH", "PATHEXT", "HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "SYSTEMROOT"}) | {
    *("TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "LC_CTYPE", "VIRTUAL_ENV", "CONDA_PREFIX"),
    *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"),
}
_NOWHERE = "http://127.0.0.1:9"
"""The discard port: it refuses at once what goes to the network by way of a proxy."""
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_OFFLINE = {
    **dict.fromkeys(_PROXIES, _NOWHERE),
    **dict.fromkeys(map(str.upper, _PROXIES), _NOWHERE),
    "npm_config_offline": "true",
    "PIP_NO_INDEX": "1",
    "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",  # it would look for a newer version of itself
    "NO_COLOR": "1",
    "PYTHONUTF8": "1",
}


class CheckerError(Exception):
    """A checker gave no answer that can be used. Says why, in words that its name belongs before."""


@dataclass(frozen=True)
class Ended:
    """What a program has written to stdout and stderr, and its exit code (below zero: the signal that ended it)."""

    output: str
    complaint: str
    code: int

    @property
    def failure(self) -> CheckerError:
        """For a code that says that the work was not done."""
        lines = [line.strip()[:100] for line in self.complaint.splitlines() if line.strip()]
        return CheckerError(f"failed ({lines[0] if lines else f'exit code {self.code}'})")


def find_program(name: str, root: Path) -> Path | None:
    """In the workspace's `.venv`, which has the project's own version, or else on the PATH; None for neither."""
    # Relative entries of the PATH would be looked up in whatever folder the editor was started in.
    entries = [each for each in os.environ.get("PATH", "").split(os.pathsep) if Path(each).is_absolute()]
    found = shutil.which(name, path=os.pathsep.join([str(root / _SCRIPTS), *entries]))
    return Path(found) if found else None


def find_python(root: Path) -> Path | None:
    """The interpreter of the workspace's environment."""
    found = shutil.which("python", path=str(root / _SCRIPTS))
    return Path(found) if found else None


async def run_program(command: list[str], folder: Path, text: str | None) -> Ended:
    """Run it to its end, and end what it has left running. `text`: its stdin, or None. Cancelling ends all of it.

    Raises CheckerError for a program that cannot be started.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=_environment(),
            stdin=DEVNULL if text is None else PIPE,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=os.name != "nt",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # there is one on Windows only
        )
    except OSError as error:
        raise CheckerError(f"could not be started ({error.strerror or error})") from error
    try:
        _, output, complaint = await asyncio.gather(
            _feed(process.stdin, text), _drain(process.stdout), _drain(process.stderr)
        )
        code = await process.wait()
    finally:
        await _end(process)
    return Ended(output, complaint, code)


def _environment() -> dict[str, str]:
    """Nothing that the tool has no use for: a workspace's own tool need not see the user's tokens."""
    return {name: value for name, value in os.environ.items() if name in _KEPT} | _OFFLINE


async def _feed(stream: asyncio.StreamWriter | None, text: str | None) -> None:
    if stream is None or text is None:
        return
    with contextlib.suppress(OSError):  # it has ended without reading all of it; how is in its exit code
        stream.write(text.encode("utf-8", errors="replace"))
        await stream.drain()
        stream.close()


async def _drain(stream: asyncio.StreamReader | None) -> str:
    """Everything up to a limit; the rest is read, so that the program can end, and forgotten."""
    data = bytearray()
    while stream is not None and (piece := await stream.read(1 << 16)):
        data += piece[: _MAX_NBYTES - len(data)]
    return data.decode("utf-8", errors="replace")


async def _end(process: Process) -> None:
    """With everything that it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter on macOS
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
