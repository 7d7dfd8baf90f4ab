"""IgnoreRules: files that `.gitignore`, `.aiignore` or their own name keep from being worked on.

Git's rules: a file in a deeper folder goes before, and nothing below an ignored folder can be taken back.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pathspec import GitIgnoreSpec

from sotto_lsp.context.file_kinds import find_name_reason
from sotto_lsp.documents.paths import WorkspaceFile

_AGAIN_S = 2.0
"""What was found for a document holds so long."""
_MAX_NBYTES = 1 << 20
_MAX_DOCUMENTS = 1000
_FILES = {"ignored-by-gitignore": ".gitignore", "ignored-by-aiignore": ".aiignore"}


@dataclass(frozen=True)
class _Found:
    at: float
    reason: str | None


class IgnoreRules:
    """Looks at the disk, at most every two seconds a document. Event loop only."""

    def __init__(self) -> None:
        self._found: dict[str, _Found] = {}

    def find_reason(self, uri: str, folder_uris: Sequence[str]) -> str | None:
        """Why nothing is suggested in a document, by its code; None where something may be."""
        now, found = time.monotonic(), self._found.get(uri)
        if found is None or now - found.at > _AGAIN_S:
            if len(self._found) >= _MAX_DOCUMENTS:
                self._found.clear()
            found = self._found[uri] = _Found(now, _look(uri, folder_uris))
        return found.reason


def _look(uri: str, folder_uris: Sequence[str]) -> str | None:
    source = WorkspaceFile.of(uri, folder_uris)
    if (reason := find_name_reason(source.file.name if source else uri.rsplit("/", 1)[-1])) is not None:
        return reason
    if source is None:
        return None
    return next(
        (why for why, name in _FILES.items() if _is_ignored(source.file, _find_root(source, name), name)), None
    )


def _find_root(source: WorkspaceFile, name: str) -> Path:
    """The repository's folder, or the workspace's where there is none; what is not git's: the outer of both."""
    root = next((folder for folder in source.file.parents if (folder / ".git").exists()), source.root)
    return root if name == ".gitignore" or root in source.root.parents else source.root


def _is_ignored(file: Path, root: Path, name: str) -> bool:
    """Whether the files called `name`, from the root down to the file, ignore it or a folder that it is in."""
    inner = file.relative_to(root).parts
    decided = False
    for depth in range(1, len(inner) + 1):
        path, is_folder = root.joinpath(*inner[:depth]), depth < len(inner)
        decided = False
        for folder, spec in _specs(root, inner[: depth - 1], name):
            relative = path.relative_to(folder).as_posix() + ("/" if is_folder else "")
            include = spec.check_file(relative).include
            decided = decided if include is None else include
        if decided and is_folder:
            return True
    return decided


def _specs(root: Path, parts: tuple[str, ...], name: str) -> Iterator[tuple[Path, GitIgnoreSpec]]:
    if name == ".gitignore":
        yield from _spec_of(root, root / ".git" / "info" / "exclude")
    for depth in range(len(parts) + 1):
        folder = root.joinpath(*parts[:depth])
        yield from _spec_of(folder, folder / name)


def _spec_of(folder: Path, path: Path) -> Iterator[tuple[Path, GitIgnoreSpec]]:
    """None for what is missing, too large, or a link: git follows none here either."""
    try:
        stat = path.lstat()
    except OSError:
        return
    if path.is_symlink() or not path.is_file() or stat.st_size > _MAX_NBYTES:
        return
    yield folder, _read_spec(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _read_spec(path: Path, mtime_ns: int, nbytes: int) -> GitIgnoreSpec:
    del mtime_ns, nbytes  # they make a changed file another one
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    specs = (line for line in lines if _is_pattern(line))
    return GitIgnoreSpec.from_lines(specs)


def _is_pattern(line: str) -> bool:
    """Whether a line can be read: one bad pattern must not void the others."""
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
