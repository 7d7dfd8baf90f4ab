"""CacheStore: the prompts of one project that were used last, kept on disk until the next start.

A file that is missing or wrong is a prompt that is computed, as it would be without this. Only the
scheduler's thread touches it.
"""

import contextlib
import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sotto_engine.cache.cache_file import CacheFile
from sotto_engine.cache.kv_cache import KVCache
from sotto_engine.model_files import user_cache
from sotto_engine.model_files.manifest import Manifest
from sotto_engine.model_files.start_memory import describe_machine
from sotto_engine.model_files.user_cache import UnusableEntry
from sotto_engine.prompt.shared_prefix import shared_prefix_length

log = logging.getLogger(__name__)

MIN_TOKENS = 256
"""Shorter prompts are computed faster than one notices."""
_FORMAT = 2
"""To be raised whenever the same graph comes to be run, or the same request to be made a prompt, in another way."""
_SUFFIX = ".cache"
_MAX_FILES = 8
_MAX_NBYTES = 256 << 20
_MAX_NBYTES_OF_ALL = 1 << 30
_MAX_FILES_OF_ALL = 100
_MIN_FREE_NBYTES = 1 << 30
"""Of the disk, after a file was written."""


@dataclass(frozen=True)
class WarmStart:
    """Whether prompts are kept. Without a project none are: they would take the places of others."""

    mode: str = "off"
    """`on`, `off`, `auto`: only for large models, whose prompts take seconds to compute."""
    project: str = ""
    """Prompts that were kept for one are never read for another."""

    def open_store(self, manifest: Manifest, prompts: Sequence[object], num_threads: int) -> "CacheStore | None":
        """Where a loaded model's prompts are kept; `prompts` says how they are made.

        Where that is switched off, what was kept for the project is deleted.
        """
        if not self.project:
            return None
        if self.mode == "off":
            user_cache.delete(project_folder(kept_root(), self.project))
            return None
        if self.mode == "auto" and not manifest.is_large:
            return None
        facts = [_FORMAT, manifest.contents(), describe_machine(num_threads), manifest.fim_header, *prompts]
        return CacheStore(kept_root(), self.project, json.dumps(facts))


class CacheStore:
    """`read` and `save` never fail: what goes wrong with a file is as if it was not there."""

    def __init__(self, root: Path, project: str, identity: str, min_tokens: int = MIN_TOKENS) -> None:
        """`project`: whose prompts these are; `identity`: what their rows depend on besides the tokens."""
        self._root = root
        self._folder = project_folder(root, project)
        self._identity = _digest(f"{identity} {project}")
        self._min_tokens = min_tokens
        self._kept: dict[Path, list[int]] = {}
        """the files and their tokens, once they are listed"""
        self._is_listed = False
        self._unread: set[Path] = set()

    def read(self, token_ids: Sequence[int], num_known: int, new_cache: Callable[[], KVCache]) -> KVCache | None:
        """The kept cache with most of a prompt, if it has more than the `num_known` tokens that are in memory.

        Each file is read once: what memory had no room for later would have none again.
        """
        kept = self._list_kept(new_cache)
        best, most = None, num_known + self._min_tokens // 4
        for path in self._unread:
            if (shared := shared_prefix_length(kept[path], token_ids)) > most:
                best, most = path, shared
        if best is None:
            return None
        self._unread.discard(best)
        try:
            cache = CacheFile(best, self._identity).read(new_cache())
        except (OSError, UnusableEntry) as error:
            self._drop(best, error)
            return None
        user_cache.touch(best)
        return cache

    def save(self, caches: Iterable[KVCache], must_stop: Callable[[], bool]) -> None:
        """Keep the first of these, the most recently used first, until it has to stop; the next call goes on.

        A prompt that is on disk up to a few tokens is not written again.
        """
        wanted = self._select(caches)
        current: set[Path] = set()
        try:
            for rank, cache in enumerate(wanted):
                path = self._find_on_disk(cache) or self._write(cache, must_stop)
                if path is None:
                    return
                current.add(path)
                user_cache.touch(path, rank)
                self._drop_older(cache.token_ids, current)
            if wanted:
                self._tidy()
        except OSError as error:
            log.info("prompts are not kept for the next start: %s", error.strerror)

    def _select(self, caches: Iterable[KVCache]) -> list[KVCache]:
        """The first that are long enough, and together small enough, to be kept."""
        selected: list[KVCache] = []
        room = _MAX_NBYTES
        for cache in caches:
            nbytes = sum(array.nbytes for array in cache.arrays())
            if len(cache) >= self._min_tokens and nbytes <= room and len(selected) < _MAX_FILES:
                selected.append(cache)
                room -= nbytes
        return selected

    def _find_on_disk(self, cache: KVCache) -> Path | None:
        """The file that has these tokens already, but for a few."""
        enough = cache.rewindable(len(cache)) - self._min_tokens // 4
        for path, token_ids in self._list_kept(lambda: cache.fork(0)).items():
            if shared_prefix_length(token_ids, cache.token_ids) >= enough and path.exists():
                return path
        return None

    def _write(self, cache: KVCache, must_stop: Callable[[], bool]) -> Path | None:
        """A new file; None if it had to stop or the disk is too full. Raises OSError."""
        length = cache.rewindable(len(cache))
        whole = cache if length == len(cache) else cache.fork(length)
        for folder in (self._root, self._folder):
            user_cache.make_private_folder(folder)
        if shutil.disk_usage(self._folder).free - whole.nbytes < _MIN_FREE_NBYTES:
            return None
        path = self._folder / f"{_digest(repr(whole.token_ids))}{_SUFFIX}"
        if not CacheFile(path, self._identity).write(whole, must_stop):
            return None
        self._kept[path] = whole.token_ids[:]
        return path

    def _drop_older(self, token_ids: Sequence[int], current: set[Path]) -> None:
        """Delete what was kept of the same place before."""
        for path, kept_ids in list(self._kept.items()):
            if path not in current and shared_prefix_length(kept_ids, token_ids) > len(kept_ids) // 2:
                self._drop(path)

    def _list_kept(self, new_cache: Callable[[], KVCache]) -> dict[Path, list[int]]:
        """The files and their tokens. The first call deletes those that no cache of ours could have left."""
        if not self._is_listed:
            self._is_listed = True
            is_ours = user_cache.is_private_folder(self._root) and user_cache.is_private_folder(self._folder)
            for path in self._folder.glob(f"*{_SUFFIX}") if is_ours else ():
                try:
                    self._kept[path] = CacheFile(path, self._identity).token_ids(new_cache())
                except (OSError, UnusableEntry) as error:
                    self._drop(path, error)
            self._unread = set(self._kept)
        return self._kept

    def _drop(self, path: Path, reason: Exception | None = None) -> None:
        if reason is not None:
            log.info("a kept prompt is deleted: %s", reason)
        self._kept.pop(path, None)
        self._unread.discard(path)
        user_cache.delete(path)

    def _tidy(self) -> None:
        """Hold the bounds, of this project and of all, and remove what broken-off writing left."""
        ours = user_cache.find_entries(self._folder, f"*{_SUFFIX}")
        user_cache.delete_oldest(ours, _MAX_NBYTES, max_entries=_MAX_FILES)
        user_cache.delete_oldest(_find_all(self._root), _MAX_NBYTES_OF_ALL, max_entries=_MAX_FILES_OF_ALL)
        user_cache.sweep(self._folder)
        for folder in self._root.iterdir():
            with contextlib.suppress(OSError):
                folder.rmdir()  # only an empty one goes


def kept_root() -> Path:
    """The folder of all projects' prompts; it need not be there."""
    return user_cache.place("prompts")


def project_folder(root: Path, project: str) -> Path:
    """The folder of one project's prompts, whose name gives no project away."""
    return root / _digest(project)


def measure_kept(root: Path) -> tuple[int, int]:
    """`(files, bytes)` of all projects."""
    return user_cache.measure(_find_all(root))


def _find_all(root: Path) -> list[user_cache.Entry]:
    return user_cache.find_entries(root, f"*/*{_SUFFIX}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
