"""The user's cache folder: what Sotto keeps there is private, bounded, and there whole or not at all.

An entry is a file or a folder. Nothing is locked: a writer works under another name and renames it at the end.
Knows nothing of what an entry holds.
"""

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Generator, Iterable
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

import platformdirs
import psutil

MAX_AGE_S = 30 * 86400.0
_NEW = ".new-"
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class UnusableEntry(ValueError):  # noqa: N818 - not an error: whoever asked does without
    """Of another model, machine or project, changed, not whole, or open to others."""


class Entry(NamedTuple):
    """`used`: when it was used last; `nbytes`: of a file, or of all files in a folder."""

    used: float
    nbytes: int
    path: Path


def place(*names: str) -> Path:
    """A path in the user's cache folder; it need not be there."""
    return platformdirs.user_cache_path("sotto", appauthor=False).joinpath(*names)


def is_private_folder(path: Path) -> bool:
    """Whether this is a folder, no link to one, that this user alone can read and change."""
    try:
        return path.is_dir() and not path.is_symlink() and _is_private(path.lstat())
    except OSError:
        return False


def make_private_folder(path: Path) -> None:
    """Raises OSError where it is not for this user alone."""
    path.mkdir(parents=True, exist_ok=True)
    if not path.is_symlink():
        path.chmod(0o700)
    if not is_private_folder(path):
        raise PermissionError(0, "the folder for them belongs to others")


def open_private(path: Path) -> BufferedReader:
    """A file that nobody else can have written or can read. Raises UnusableEntry for all else, OSError for none."""
    if path.is_symlink():  # where the system has no O_NOFOLLOW
        raise UnusableEntry(f"{path.name} is a link")
    descriptor = os.open(path, _FLAGS)
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode) or not _is_private(about):
        os.close(descriptor)
        raise UnusableEntry(f"{path.name} is open to others")
    return os.fdopen(descriptor, "rb")


@contextlib.contextmanager
def new_entry(path: Path, *, is_folder: bool = False) -> Generator[Path]:
    """An empty private file or folder next to `path`, to be renamed to it; if it was not, it goes after the block.

    Raises OSError.
    """
    new = path.with_name(f"{_NEW}{path.name}-{os.getpid()}")
    delete(new)
    try:
        new.mkdir(mode=0o700) if is_folder else new.touch(mode=0o600, exist_ok=False)
        yield new
    finally:
        delete(new)


def is_being_written(path: Path) -> bool:
    """Whether a process that runs has begun a `new_entry` for this place."""
    return any(map(_has_writer, path.parent.glob(f"{_NEW}{path.name}-*")))


def touch(path: Path, rank: int = 0) -> None:
    """Note that an entry was used now, or `rank` others after it."""
    with contextlib.suppress(OSError):
        used = time.time() - rank
        os.utime(path, (used, used))


def delete(path: Path) -> None:
    """A file, a link or a whole folder; what cannot be deleted stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        path.unlink()


def find_entries(folder: Path, pattern: str) -> list[Entry]:
    """The most recently used first."""
    found: list[Entry] = []
    for path in folder.glob(pattern):
        with contextlib.suppress(OSError):
            files = path.iterdir() if path.is_dir() else [path]
            found.append(Entry(path.lstat().st_mtime, sum(each.lstat().st_size for each in files), path))
    return sorted(found, reverse=True)


def measure(entries: list[Entry]) -> tuple[int, int]:
    """`(entries, bytes)`."""
    return len(entries), sum(entry.nbytes for entry in entries)


def delete_oldest(
    entries: Iterable[Entry],
    max_nbytes: int,
    *,
    max_entries: int | None = None,
    max_age_s: float = MAX_AGE_S,
    keep: Path | None = None,
) -> None:
    """Hold the bounds, the most recently used first; `keep` counts and stays."""
    total = 0
    for number, entry in enumerate(entries):
        total += entry.nbytes
        is_over = total > max_nbytes or (max_entries is not None and number >= max_entries)
        if entry.path != keep and (is_over or time.time() - entry.used > max_age_s):
            delete(entry.path)


def sweep(folder: Path) -> None:
    """Delete what writers began that are gone."""
    for path in folder.glob(f"{_NEW}*"):
        if not _has_writer(path):
            delete(path)


def _is_private(about: os.stat_result) -> bool:
    """Whether something belongs to this user and is closed to all others; Windows keeps a user's folders so."""
    return os.name == "nt" or (about.st_uid == os.geteuid() and not about.st_mode & 0o077)


def _has_writer(path: Path) -> bool:
    pid = path.name.rpartition("-")[2]
    return pid.isdecimal() and psutil.pid_exists(int(pid))
