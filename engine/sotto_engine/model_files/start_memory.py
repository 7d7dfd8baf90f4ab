"""What an earlier start found out about a large model: which files matched, and whether its rows are exact.

One small file in the user's cache folder. It is a memory and no proof: a file is trusted as long as its size, times
and inode are those that were checked; `sotto models verify` always reads everything.
"""

import contextlib
import hashlib
import json
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from sotto_engine.model_files import user_cache

_FORMAT = 2
_MAX_ANSWERS = 200
_SETTLED_S = 2.0
"""A file that was changed so recently could change again and keep its time, where clocks are coarse."""
_CPU_LINES = ("model name", "flags", "features", "cpu implementer", "cpu part")


class StartMemory:
    """Reads the file once, writes it when asked to. What is wrong with the file is as if it was not there."""

    def __init__(self, path: Path | None) -> None:
        """`path`: None remembers nothing."""
        self._path = path
        self._answers = _read(path) if path else {}
        self._is_changed = False

    @classmethod
    def of_user(cls) -> "StartMemory":
        return cls(user_cache.place("starts.json"))

    def matches(self, path: Path, sha256: str, hash_file: Callable[[Path], str]) -> bool:
        """Whether a file has this digest; it is read unless it is known. Raises OSError where it cannot be read."""
        stamp = file_stamp(path)
        key = f"file {path.resolve()}"
        if self._answers.get(key) == [*stamp, sha256]:
            return True
        if hash_file(path) != sha256:
            return False
        if time.time() - stamp[1] / 1e9 > _SETTLED_S and file_stamp(path) == stamp:
            self._set(key, [*stamp, sha256])
        return True

    def answer(self, question: str, files: Sequence[Path], num_threads: int, ask: Callable[[], bool]) -> bool:
        """What `ask` gives, or gave before about the same files, processor, onnxruntime and threads."""
        about = [[str(path.resolve()), *file_stamp(path)] for path in files]
        facts = json.dumps([about, *describe_machine(num_threads)])
        key = f"{question} {hashlib.sha256(facts.encode()).hexdigest()}"
        known = self._answers.get(key)
        if isinstance(known, bool):
            return known
        self._set(key, answer := ask())
        return answer

    def save(self) -> None:
        """Write what is new. A folder that cannot be written to is no trouble."""
        if self._path is None or not self._is_changed:
            return
        newest = dict(list(self._answers.items())[-_MAX_ANSWERS:])
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with user_cache.new_entry(self._path) as new:
                new.write_text(json.dumps({"format": _FORMAT, "entries": newest}), encoding="utf-8")
                new.replace(self._path)
            user_cache.sweep(self._path.parent)
        self._is_changed = False

    def _set(self, key: str, value: object) -> None:
        self._answers.pop(key, None)  # the newest last
        self._answers[key] = value
        self._is_changed = True


def _read(path: Path) -> dict[str, Any]:
    try:
        with user_cache.open_private(path) as file:
            data: Any = json.load(file)
        is_known = data["format"] == _FORMAT and isinstance(data["entries"], dict)
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    return cast("dict[str, Any]", data["entries"]) if is_known else {}


def file_stamp(path: Path) -> list[int]:
    """Size, time of the last change, of the last change of anything about it, inode: of the file, not of a link."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def describe_machine(num_threads: int) -> list[object]:
    """What a model's rows depend on besides the model, bit for bit."""
    return [_cpu(), version("onnxruntime"), num_threads]


def _cpu() -> str:
    """The processor's name and instruction sets, where Linux gives them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").lower().splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    return "\n".join(sorted({line for line in lines if line.startswith(_CPU_LINES)}))
