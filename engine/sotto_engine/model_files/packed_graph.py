"""PackedGraph: a large model's graph, its weights packed for this processor's kernels, in files that windows share.

onnxruntime packs weights anew in every process, into memory of its own. Written packed once, they are pages of a
file that every process maps. A folder of the user's cache folder holds them, a folder a model; none is locked: they
come whole and go whole, and one that is not wholly as it was written is a model that is loaded from its own files.
"""

import contextlib
import hashlib
import json
import logging
import os
import shutil
import stat
import time
from collections.abc import Generator
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import platformdirs
import psutil

from sotto_engine.model_files.manifest import Manifest
from sotto_engine.model_files.private_files import is_private, is_private_folder, make_private_folder
from sotto_engine.model_files.start_memory import machine, stamp_of

log = logging.getLogger(__name__)

GRAPH_NAME = "model.onnx"
_STAMP_NAME = "stamp.json"
_FORMAT = 1
"""To be raised whenever the same model comes to be packed in another way."""
_NEW = ".new-"
_GROWTH = 2.5
"""A packed graph holds most weights as they were and as the kernels want them: 2.2 times the model's size."""
_MIN_FREE_NBYTES = 2 << 30
"""Of the disk, after it was written."""
_MAX_NBYTES_OF_ALL = 6 << 30
_MAX_AGE_S = 30 * 86400.0
_MAX_AGE_OF_OTHERS_S = 86400.0
"""Of those for another onnxruntime, which an update leaves behind."""


class Unusable(ValueError):  # noqa: N818 - not an error: the model is loaded from its own files
    """Of another model or machine, changed, not whole, or open to others."""


class PackedGraph:
    """One model's, for this processor and onnxruntime."""

    def __init__(self, manifest: Manifest, root: Path | None = None) -> None:
        """`root`: the folder of all; the user's unless given."""
        self._root = root or packed_root()
        self._facts = _facts(manifest)
        self._name = hashlib.sha256(self._facts.encode()).hexdigest()[:32]
        self.folder = self._root / self._name
        self._needed_nbytes = int(manifest.nbytes * _GROWTH)

    def is_of(self, manifest: Manifest) -> bool:
        """Whether the model's files are still the same."""
        return _facts(manifest) == self._facts

    def find(self) -> Path | None:
        """The graph to be mapped; None, and nothing is left of it, where there is any doubt about it."""
        if not os.path.lexists(self.folder):
            return None
        try:
            graph = self._checked()
        except (OSError, ValueError) as error:
            self.drop(str(error))
            return None
        with contextlib.suppress(OSError):
            os.utime(self.folder)  # it was used now
        return graph

    def drop(self, reason: str) -> None:
        """Delete it, for a reason that the log tells."""
        log.info("shared weights are not used: %s", reason)
        self.delete()

    def delete(self) -> None:
        """Where it lies in a folder that others can write to, it is left to them."""
        if is_private_folder(self._root):
            with contextlib.suppress(OSError):  # a link or a file in its place
                self.folder.unlink()
            shutil.rmtree(self.folder, ignore_errors=True)

    def is_missing(self) -> bool:
        """Whether it is neither there, nor tried and found to be of no use, nor being written."""
        begun = self._root.glob(f"{_NEW}{self._name}-*")
        return not os.path.lexists(self.folder) and not any(_is_being_written(path) for path in begun)

    def hindrance(self) -> str:
        """Why it cannot be written now; empty where it can."""
        try:
            make_private_folder(self._root)
            free = shutil.disk_usage(self._root).free
        except OSError as error:
            return f"{self._root} cannot be used ({error.strerror})"
        if self._needed_nbytes > _MAX_NBYTES_OF_ALL:
            return f"they would take more than {_MAX_NBYTES_OF_ALL >> 30} GB"
        if free - self._needed_nbytes < _MIN_FREE_NBYTES:
            return f"{self._root} has only {free / 1e9:.1f} GB left"
        if psutil.virtual_memory().available < self._needed_nbytes:
            return "too little memory is free"
        return ""

    @contextlib.contextmanager
    def writing(self) -> Generator[Path]:
        """A new folder to put the graph and its weights into, gone behind the block unless `finish` was called.

        Raises OSError.
        """
        make_private_folder(self._root)
        folder = self._root / f"{_NEW}{self._name}-{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def finish(self, folder: Path, refusal: str = "") -> None:
        """Stamp what was written and move it to its place, in one step; what another process put there stays.

        `refusal`: why packed weights are of no use here, which is then all that is kept. Raises OSError.
        """
        files: dict[str, list[int]] = {}
        for path in sorted(folder.iterdir()):
            if refusal:
                path.unlink()
                continue
            path.chmod(0o600)
            _flush(path)
            files[path.name] = stamp_of(path)
        stamp = {
            "facts": self._facts,
            "onnxruntime": version("onnxruntime"),
            "files": files,
            "refusal": refusal,
        }
        (folder / _STAMP_NAME).write_text(json.dumps(stamp), encoding="utf-8")
        (folder / _STAMP_NAME).chmod(0o600)
        _flush(folder / _STAMP_NAME)
        with contextlib.suppress(OSError):
            folder.rename(self.folder)  # fails where there is one
        self._tidy()

    def _checked(self) -> Path | None:
        """The graph; None for one that was tried and found to be of no use. Raises Unusable, OSError, ValueError."""
        for folder in (self._root, self.folder):
            if not is_private_folder(folder):
                raise Unusable(f"{folder} is open to others")
        stamp = _read_stamp(self.folder)
        files: dict[str, Any] = stamp["files"]
        if stamp.get("facts") != self._facts:
            raise Unusable("they are of another model, processor or onnxruntime")
        if {path.name for path in self.folder.iterdir()} != {*files, _STAMP_NAME}:
            raise Unusable("files are missing, or there are others")
        for name, expected in files.items():
            _require_private(self.folder / name)
            if stamp_of(self.folder / name) != expected:
                raise Unusable(f"{name} was changed")
        return None if stamp.get("refusal") else self.folder / GRAPH_NAME

    def _tidy(self) -> None:
        """Hold the bounds; the one that was written now stays."""
        for path in self._root.glob(f"{_NEW}*"):
            if not _is_being_written(path):
                shutil.rmtree(path, ignore_errors=True)
        total = 0
        for used, nbytes, folder in sorted(_packed(self._root), reverse=True):
            total += nbytes
            age_s = time.time() - used
            is_old = age_s > (_MAX_AGE_S if _is_for_this_run_time(folder) else _MAX_AGE_OF_OTHERS_S)
            if folder != self.folder and (is_old or total > _MAX_NBYTES_OF_ALL):
                shutil.rmtree(folder, ignore_errors=True)


def packed_root() -> Path:
    """The folder of all models' packed graphs; it need not be there."""
    return platformdirs.user_cache_path("sotto", appauthor=False) / "packed"


def packed_size(root: Path) -> tuple[int, int]:
    """`(models, bytes)` of all that is kept."""
    sizes = [nbytes for _, nbytes, folder in _packed(root) if (folder / GRAPH_NAME).exists()]
    return len(sizes), sum(sizes)


def _facts(manifest: Manifest) -> str:
    """All that packed weights depend on: threads change none of them."""
    return json.dumps([_FORMAT, manifest.contents(), machine(num_threads=0)])


def _packed(root: Path) -> list[tuple[float, int, Path]]:
    """`(when it was used last, bytes, folder)` of each."""
    found: list[tuple[float, int, Path]] = []
    for folder in root.glob("[0-9a-f]*"):
        with contextlib.suppress(OSError):
            nbytes = sum(path.lstat().st_size for path in folder.iterdir())
            found.append((folder.lstat().st_mtime, nbytes, folder))
    return found


def _is_being_written(folder: Path) -> bool:
    pid = folder.name.rpartition("-")[2]
    return pid.isdecimal() and psutil.pid_exists(int(pid))


def _is_for_this_run_time(folder: Path) -> bool:
    try:
        return _read_stamp(folder).get("onnxruntime") == version("onnxruntime")
    except (OSError, ValueError):
        return False


def _read_stamp(folder: Path) -> dict[str, Any]:
    """Raises Unusable, OSError, ValueError."""
    path = folder / _STAMP_NAME
    _require_private(path)
    stamp: object = json.loads(path.read_text(encoding="utf-8"))
    fields = cast("dict[str, Any]", stamp) if isinstance(stamp, dict) else {}
    if not isinstance(fields.get("files"), dict):
        raise Unusable("their stamp is none")
    return fields


def _require_private(path: Path) -> None:
    """Raises Unusable for anything but a file that is this user's alone, OSError for none."""
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode) or not is_private(about):
        raise Unusable(f"{path.name} is open to others")


def _flush(path: Path) -> None:
    """So that a stamp on the disk never speaks of bytes that are not."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
