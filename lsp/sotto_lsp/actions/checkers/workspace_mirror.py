"""WorkspaceMirror: a workspace made of links in which some files have other texts. The original stays as it is."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sotto_lsp.actions.checkers.checker_process import CheckerError

_LEFT_OUT = frozenset({".git", ".mypy_cache", ".ruff_cache", ".pytest_cache", "__pycache__"})
"""What a tool would write into through a link, or never reads."""


@dataclass(frozen=True)
class WorkspaceMirror:
    """A folder with the names of `root`: configuration, packages and relative imports are found as they are there.

    Only the folders on the way to the files are made; everything beside them is one link each.
    """

    root: Path
    at: Path
    """The mirror of `root`"""

    @classmethod
    def make(cls, root: Path, files: Sequence[Path], at: Path) -> "WorkspaceMirror":
        """A new folder `at`; `files` are to be written, and are not there yet.

        Raises CheckerError where there can be no links, ValueError for a file elsewhere.
        """
        try:
            at.mkdir()
            _mirror(root, at, [file.relative_to(root).parts for file in files])
        except OSError as error:
            raise CheckerError(f"needs links to the workspace's files ({error.strerror or error})") from error
        return cls(root, at)

    def copy_of(self, path: Path) -> Path:
        """Where a path of the workspace is in the mirror."""
        return self.at / path.relative_to(self.root)

    def write(self, file: Path, text: str) -> None:
        """Give one of the files this text, whatever its line ends."""
        self.copy_of(file).write_bytes(text.encode("utf-8", errors="replace"))


def _mirror(folder: Path, to: Path, files: Sequence[tuple[str, ...]]) -> None:
    """Links to what is in `folder`, which need not exist, but for the files and the folders on the way to them."""
    own = {parts[0] for parts in files}
    if folder.is_dir():
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name not in own and entry.name not in _LEFT_OUT:
                    (to / entry.name).symlink_to(folder / entry.name)
    for name in {parts[0] for parts in files if len(parts) > 1}:
        (to / name).mkdir()
        _mirror(folder / name, to / name, [parts[1:] for parts in files if parts[0] == name and parts[1:]])
