"""PackedGraph: a large model's graph, its weights packed for this processor's kernels, in files that windows share.

onnxruntime packs weights anew in every process, into memory of its own. Written packed once, they are pages of a
file that every process maps. A folder of the user's cache folder holds them, a folder a model; one that is not wholly
as it was written is not used: the model is then loaded from its own files.
"""

import contextlib
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Generator
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import psutil

from sotto_engine.model_files import user_cache
from sotto_engine.model_files.manifest import Manifest
from sotto_engine.model_files.start_memory import describe_machine, file_stamp
from sotto_engine.model_files.user_cache import UnusableEntry

log = logging.getLogger(__name__)

GRAPH_NAME = "model.onnx"
_STAMP_NAME = "stamp.json"
_FORMAT = 1
"""To be raised whenever the same model comes to be packed in another way."""
_ENTRIES = "[0-9a-f]*"
_GROWTH = 2.5
"""A packed graph holds most weights as they were and as the kernels want them: 2.2 times the model's size."""
_MIN_FREE_NBYTES = 2 << 30
"""Of the disk, after it was written."""
_MAX_NBYTES_OF_ALL = 6 << 30
_MAX_AGE_OF_OTHERS_S = 86400.0
"""Of those for another onnxruntime, which an update leaves."""


class PackedGraph:
    """One model's, for this processor and onnxruntime."""

    def __init__(self, manifest: Manifest, root: Path | None = None) -> None:
        """`root`: the folder of all; the user's unless given."""
        self._root = root or packed_root()
        self._facts = _list_facts(manifest)
        self.folder = self._root / hashlib.sha256(self._facts.encode()).hexdigest()[:32]
        self._needed_nbytes = int(manifest.nbytes * _GROWTH)

    def is_of(self, manifest: Manifest) -> bool:
        """Whether the model's files are still the same."""
        return _list_facts(manifest) == self._facts

    def find(self) -> Path | None:
        """The graph to be mapped; None, and nothing is left of it, where there is any doubt about it."""
        if not os.path.lexists(self.folder):
            return None
        try:
            graph = self._check()
        except (OSError, ValueError) as error:
            self.drop(str(error))
            return None
        user_cache.touch(self.folder)
        return graph

    def drop(self, reason: str) -> None:
        """Delete it and log the reason."""
        log.info("shared weights are not used: %s", reason)
        self.delete()

    def delete(self) -> None:
        """Where it lies in a folder that others can write to, it is left to them."""
        if user_cache.is_private_folder(self._root):
            user_cache.delete(self.folder)

    def is_missing(self) -> bool:
        """Whether it is neither there, nor tried and found to be of no use, nor being written."""
        return not os.path.lexists(self.folder) and not user_cache.is_being_written(self.folder)

    def find_obstacle(self) -> str:
        """Why it cannot be written now; empty where it can."""
        try:
            user_cache.make_private_folder(self._root)
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
        """A new folder to put the graph and its weights into, gone after the block unless `finish` was called.

        Raises OSError.
        """
        user_cache.make_private_folder(self._root)
        with user_cache.new_entry(self.folder, is_folder=True) as folder:
            yield folder

    def finish(self, folder: Path, refusal: str = "") -> None:
        """Stamp what was written and move it to its place, in one step; what another process put there stays.

        `refusal`: why packed weights are of no use here, which is then all that is kept. Raises OSError.
        """
        files: dict[str, list[int]] = {}
        for path in sorted(folder.iterdir()):
            if refusal:
                path.unlink()
                continue
            _close_and_flush(path)
            files[path.name] = file_stamp(path)
        stamp = {
            "facts": self._facts,
            "onnxruntime": version("onnxruntime"),
            "files": files,
            "refusal": refusal,
        }
        (folder / _STAMP_NAME).write_text(json.dumps(stamp), encoding="utf-8")
        _close_and_flush(folder / _STAMP_NAME)
        with contextlib.suppress(OSError):
            folder.rename(self.folder)  # fails where there is one
        user_cache.sweep(self._root)
        packed = user_cache.find_entries(self._root, _ENTRIES)
        others = [entry for entry in packed if not _is_for_this_runtime(entry.path)]
        user_cache.delete_oldest(others, _MAX_NBYTES_OF_ALL, max_age_s=_MAX_AGE_OF_OTHERS_S, keep=self.folder)
        user_cache.delete_oldest(packed, _MAX_NBYTES_OF_ALL, keep=self.folder)

    def _check(self) -> Path | None:
        """The graph; None for one that was tried and found to be of no use.

        Raises UnusableEntry, OSError, ValueError.
        """
        for folder in (self._root, self.folder):
            if not user_cache.is_private_folder(folder):
                raise UnusableEntry(f"{folder} is open to others")
        stamp = _read_stamp(self.folder)
        files: dict[str, Any] = stamp["files"]
        if stamp.get("facts") != self._facts:
            raise UnusableEntry("they are of another model, processor or onnxruntime")
        if {path.name for path in self.folder.iterdir()} != {*files, _STAMP_NAME}:
            raise UnusableEntry("files are missing, or there are others")
        for name, expected in files.items():
            user_cache.open_private(self.folder / name).close()
            if file_stamp(self.folder / name) != expected:
                raise UnusableEntry(f"{name} was changed")
        return None if stamp.get("refusal") else self.folder / GRAPH_NAME


def packed_root() -> Path:
    """The folder of all models' packed graphs; it need not be there."""
    return user_cache.place("packed")


def measure_packed(root: Path) -> tuple[int, int]:
    """`(models, bytes)` of all that is kept."""
    packed = user_cache.find_entries(root, _ENTRIES)
    return user_cache.measure([entry for entry in packed if (entry.path / GRAPH_NAME).exists()])


def _list_facts(manifest: Manifest) -> str:
    """All that packed weights depend on: threads change none of them."""
    return json.dumps([_FORMAT, manifest.contents(), describe_machine(num_threads=0)])


def _is_for_this_runtime(folder: Path) -> bool:
    try:
        return _read_stamp(folder).get("onnxruntime") == version("onnxruntime")
    except (OSError, ValueError):
        return False


def _read_stamp(folder: Path) -> dict[str, Any]:
    """Raises UnusableEntry, OSError, ValueError."""
    with user_cache.open_private(folder / _STAMP_NAME) as file:
        stamp: object = json.load(file)
    fields = cast("dict[str, Any]", stamp) if isinstance(stamp, dict) else {}
    if not isinstance(fields.get("files"), dict):
        raise UnusableEntry("their stamp is none")
    return fields


def _close_and_flush(path: Path) -> None:
    """Close a file to others and put it on the disk: a stamp there must never be about bytes that are not."""
    path.chmod(0o600)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
