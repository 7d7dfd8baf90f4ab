"""WorkspaceMirror: a workspace made of links in which one file has another text. The original stays as it is."""

import os
from dataclasses import dataclass
from pathlib import Path

_LEFT_OUT = frozenset({".git", ".mypy_cache", ".ruff_cache", ".pytest_cache", "__pycache__"})
"""What a tool would write into through a link, or never reads."""


@dataclass(frozen=True)
class WorkspaceMirror:
    """A folder with the names of `root`: configuration, packages and relative imports are found as they are there.

    Only the folders on the way to the file are made; everything beside them is one link each.
    """

    root: Path
    copy: Path
    """of the file"""

    @classmethod
    def make(cls, root: Path, file: Path, at: Path) -> "WorkspaceMirror":
        """In the empty folder `at`. Raises OSError where there can be no links, ValueError for a file elsewhere."""
        *folders, name = file.relative_to(root).parts
        original, copied = root, at
        for folder in folders:
            _link_all(original, copied, folder)
            original, copied = original / folder, copied / folder
            copied.mkdir()
        _link_all(original, copied, name)
        return cls(at, copied / name)

    def write(self, text: str) -> None:
        """Give the file this text, whatever its line ends."""
        self.copy.write_bytes(text.encode("utf-8", errors="replace"))


def _link_all(folder: Path, to: Path, skipped: str) -> None:
    """Links to what is in `folder`, which need not exist."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name != skipped and entry.name not in _LEFT_OUT:
                (to / entry.name).symlink_to(folder / entry.name)
