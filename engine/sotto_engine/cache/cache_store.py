"""CacheStore: the prompts of one project that were used last, kept on disk until the next start.

A folder of files in the user's cache folder, for this user alone; not locked: files come and go whole, and one that
is missing or wrong is a prompt that is computed, as it would be without this. Only the engine's thread comes here.
"""

import contextlib
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sotto_engine.cache.cache_file import CacheFile, UnusableFile
from sotto_engine.cache.kv_cache import KVCache
from sotto_engine.model_files.private_files import is_private_folder, make_private_folder
from sotto_engine.prompt.shared_prefix import shared_prefix_length

log = logging.getLogger(__name__)

MIN_TOKENS = 256
"""Shorter prompts are computed as fast as anybody notices."""
SUFFIX = ".cache"
_MAX_FILES = 8
_MAX_NBYTES = 256 << 20
_MAX_NBYTES_OF_ALL = 1 << 30
_MAX_FILES_OF_ALL = 100
_MAX_AGE_S = 30 * 86400.0
_MIN_FREE_NBYTES = 1 << 30
"""Of the disk, after a file was written."""
_LEFTOVER_S = 3600.0
"""After so long, a file that was begun will not be finished."""


class CacheStore:
    """`read` and `save` never fail: what goes wrong with a file is as if it was not there."""

    def __init__(self, root: Path, project: str, identity: str, min_tokens: int = MIN_TOKENS) -> None:
        """`project`: whom the prompts belong to; `identity`: what their rows depend on besides the tokens."""
        self._root = root
        self._folder = folder_of(root, project)
        self._identity = _digest(f"{identity} {project}")
        self._min_tokens = min_tokens
        self._kept: dict[Path, list[int]] | None = None
        """the files and their tokens; None before the folder was looked at"""
        self._unread: set[Path] = set()

    def read(
        self, token_ids: Sequence[int], num_known: int, new_cache: Callable[[], KVCache]
    ) -> KVCache | None:
        """The kept cache with most of a prompt, if it has more than the `num_known` tokens that are in memory.

        Each file is read once: what memory had no room for later would have none again.
        """
        kept = self._look(new_cache)
        best, most = None, num_known + self._min_tokens // 4
        for path in self._unread:
            if (shared := shared_prefix_length(kept[path], token_ids)) > most:
                best, most = path, shared
        if best is None:
            return None
        self._unread.discard(best)
        try:
            cache = CacheFile(best, self._identity).read(new_cache())
        except (OSError, UnusableFile) as error:
            self._drop(best, error)
            return None
        _touch(best)
        return cache

    def save(self, caches: Iterable[KVCache], must_stop: Callable[[], bool]) -> None:
        """Keep the first of these, the most recently used first, until it has to stop; the next call goes on.

        A prompt that is on disk up to a few tokens is not written again.
        """
        wanted = self._fitting(caches)
        current: set[Path] = set()
        try:
            for rank, cache in enumerate(wanted):
                path = self._on_disk(cache) or self._written(cache, must_stop)
                if path is None:
                    return
                current.add(path)
                _touch(path, rank)
                self._drop_older(cache.token_ids, current)
            if wanted:
                self._tidy()
        except OSError as error:
            log.info("prompts are not kept for the next start: %s", error.strerror)

    def _fitting(self, caches: Iterable[KVCache]) -> list[KVCache]:
        """The first that are long enough, and together small enough, to be kept."""
        fitting: list[KVCache] = []
        room = _MAX_NBYTES
        for cache in caches:
            nbytes = sum(array.nbytes for array in cache.arrays())
            if len(cache) >= self._min_tokens and nbytes <= room and len(fitting) < _MAX_FILES:
                fitting.append(cache)
                room -= nbytes
        return fitting

    def _on_disk(self, cache: KVCache) -> Path | None:
        """The file that has these tokens already, but for a few."""
        enough = cache.rewindable(len(cache)) - self._min_tokens // 4
        for path, token_ids in self._look(lambda: cache.fork(0)).items():
            if shared_prefix_length(token_ids, cache.token_ids) >= enough and path.exists():
                return path
        return None

    def _written(self, cache: KVCache, must_stop: Callable[[], bool]) -> Path | None:
        """A new file; None if it had to stop or the disk is too full. Raises OSError."""
        length = cache.rewindable(len(cache))
        whole = cache if length == len(cache) else cache.fork(length)
        for folder in (self._root, self._folder):
            make_private_folder(folder)
        if shutil.disk_usage(self._folder).free - whole.nbytes < _MIN_FREE_NBYTES:
            return None
        path = self._folder / f"{_digest(repr(whole.token_ids))}{SUFFIX}"
        if not CacheFile(path, self._identity).write(whole, must_stop):
            return None
        self._look(lambda: cache.fork(0))[path] = whole.token_ids[:]
        return path

    def _drop_older(self, token_ids: Sequence[int], current: set[Path]) -> None:
        """Delete what was kept of the same place before."""
        kept = self._kept or {}
        for path in [path for path in kept if path not in current]:
            if shared_prefix_length(kept[path], token_ids) > len(kept[path]) // 2:
                self._drop(path)

    def _look(self, new_cache: Callable[[], KVCache]) -> dict[Path, list[int]]:
        """The files and their tokens. Those that no cache of ours could have left are deleted at the first look."""
        if self._kept is None:
            self._kept = {}
            ours = is_private_folder(self._root) and is_private_folder(self._folder)
            for path in _files(self._folder) if ours else ():
                try:
                    self._kept[path] = CacheFile(path, self._identity).token_ids(new_cache())
                except (OSError, UnusableFile) as error:
                    self._drop(path, error)
            self._unread = set(self._kept)
        return self._kept

    def _drop(self, path: Path, reason: Exception | None = None) -> None:
        if reason is not None:
            log.info("a kept prompt is deleted: %s", reason)
        if self._kept is not None:
            self._kept.pop(path, None)
        self._unread.discard(path)
        with contextlib.suppress(OSError):
            path.unlink()

    def _tidy(self) -> None:
        """Hold the bounds, of this project and of all, and remove what broken-off writing left."""
        _delete_oldest(_files(self._folder), _MAX_FILES, _MAX_NBYTES)
        _delete_oldest(_files(self._root), _MAX_FILES_OF_ALL, _MAX_NBYTES_OF_ALL)
        for leftover in self._folder.glob(".new-*"):
            with contextlib.suppress(OSError):
                if time.time() - leftover.lstat().st_mtime > _LEFTOVER_S:
                    leftover.unlink()
        for folder in self._root.iterdir():
            with contextlib.suppress(OSError):
                folder.rmdir()  # only an empty one goes


def folder_of(root: Path, project: str) -> Path:
    """The folder of one project's prompts, whose name tells nobody which project it is."""
    return root / _digest(project)


def kept_size(root: Path) -> tuple[int, int]:
    """`(files, bytes)` of all projects."""
    sizes: list[int] = []
    for path in _files(root):
        with contextlib.suppress(OSError):
            sizes.append(path.lstat().st_size)
    return len(sizes), sum(sizes)


def _files(folder: Path) -> list[Path]:
    """The kept files in a folder or in the folders in it."""
    return [*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*/*{SUFFIX}")]


def _delete_oldest(paths: Iterable[Path], max_files: int, max_nbytes: int) -> None:
    """Delete all but the newest that fit, and what has not been used for a month."""
    found: list[tuple[float, int, Path]] = []
    for path in paths:
        with contextlib.suppress(OSError):
            about = path.lstat()
            found.append((about.st_mtime, about.st_size, path))
    total = 0
    for number, (used, nbytes, path) in enumerate(sorted(found, reverse=True)):
        total += nbytes
        if number >= max_files or total > max_nbytes or time.time() - used > _MAX_AGE_S:
            with contextlib.suppress(OSError):
                path.unlink()


def _touch(path: Path, rank: int = 0) -> None:
    """Note that a file was used now, or `rank` others after it."""
    with contextlib.suppress(OSError):
        used = time.time() - rank
        os.utime(path, (used, used))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
