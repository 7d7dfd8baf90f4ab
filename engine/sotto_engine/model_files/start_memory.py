"""What an earlier start found out about a large model: which files matched, and whether its rows are exact.

One small file in the user's cache folder. It is a memory and no proof: a file is trusted as long as its size, times
and inode are those that were checked; `sotto models verify` always reads everything.
"""

import contextlib
import hashlib
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import platformdirs

_FORMAT = 2
_MAX_ENTRIES = 200
_SETTLED_S = 2.0
"""A file that was changed so recently could change again and keep its time, where clocks are coarse."""
_CPU_LINES = ("model name", "flags", "features", "cpu implementer", "cpu part")


class StartMemory:
    """Reads the file once, writes it when asked to. What is wrong with the file is as if it was not there."""

    def __init__(self, path: Path | None) -> None:
        """`path`: None remembers nothing."""
        self._path = path
        self._entries: dict[str, Any] = _read(path) if path else {}
        self._is_changed = False

    @classmethod
    def of_user(cls) -> "StartMemory":
        return cls(platformdirs.user_cache_path("sotto", appauthor=False) / "starts.json")

    def matches(self, path: Path, sha256: str, hash_file: Callable[[Path], str]) -> bool:
        """Whether a file has this digest; it is read unless it is known. Raises OSError where it cannot be read."""
        stamp = stamp_of(path)
        key = f"file {path.resolve()}"
        if self._entries.get(key) == [*stamp, sha256]:
            return True
        if hash_file(path) != sha256:
            return False
        if time.time() - stamp[1] / 1e9 > _SETTLED_S and stamp_of(path) == stamp:
            self._set(key, [*stamp, sha256])
        return True

    def answer(self, question: str, files: Sequence[Path], num_threads: int, ask: Callable[[], bool]) -> bool:
        """What `ask` says, or said before about the same files, processor, onnxruntime and threads."""
        about = [[str(path.resolve()), *stamp_of(path)] for path in files]
        facts = json.dumps([about, *machine(num_threads)])
        key = f"{question} {hashlib.sha256(facts.encode()).hexdigest()}"
        known = self._entries.get(key)
        if isinstance(known, bool):
            return known
        self._set(key, said := ask())
        return said

    def save(self) -> None:
        """Write what is new, for this user alone to read. A folder that cannot be written to is no trouble."""
        if self._path is None or not self._is_changed:
            return
        newest = dict(list(self._entries.items())[-_MAX_ENTRIES:])
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".starts-")  # mode 0600
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"format": _FORMAT, "entries": newest}, file)
            Path(name).replace(self._path)
        self._is_changed = False

    def _set(self, key: str, value: object) -> None:
        self._entries.pop(key, None)  # the newest last
        self._entries[key] = value
        self._is_changed = True


def _read(path: Path) -> dict[str, Any]:
    try:
        data: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(data, dict):
        return {}
    fields = cast("dict[str, Any]", data)
    entries = fields.get("entries")
    return (
        cast("dict[str, Any]", entries)
        if fields.get("format") == _FORMAT and isinstance(entries, dict)
        else {}
    )


def stamp_of(path: Path) -> list[int]:
    """Size, time of the last change, of the last change of anything about it, inode: of the file, not of a link."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def machine(num_threads: int) -> list[object]:
    """What a model's rows depend on besides the model, bit for bit."""
    return [_cpu(), version("onnxruntime"), num_threads]


def _cpu() -> str:
    """The processor's name and instruction sets, where Linux tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").lower().splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    return "\n".join(sorted({line for line in lines if line.startswith(_CPU_LINES)}))
