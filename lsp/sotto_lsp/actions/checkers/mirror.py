"""A mirror of a workspace, made of links, in which one file has another text. The workspace stays as it is."""

import os
from pathlib import Path

from sotto_lsp.actions.checkers.process import CheckerError

_LEFT_OUT = frozenset({".git", ".mypy_cache", ".ruff_cache", ".pytest_cache", "__pycache__"})
"""What a tool would write into through a link, or never reads."""


def mirror_workspace(root: Path, file: Path, at: Path) -> Path:
    """Make the folder `at` with the names of `root`: configuration, packages and relative imports are found there.

    Only the folders on the way to `file` are made; everything next to them is one link each. Returns where the file's
    copy is to be written. Raises CheckerError where there can be no links, ValueError for a file elsewhere.
    """
    folder, copy = root, at
    try:
        for name in file.relative_to(root).parts:
            copy.mkdir()
            _link_all(folder, copy, name)
            folder, copy = folder / name, copy / name
    except OSError as error:
        raise CheckerError(f"needs links to the workspace's files ({error.strerror or error})") from error
    return copy


def _link_all(folder: Path, to: Path, but: str) -> None:
    """Links to what is in `folder`, which need not exist, but for one name."""
    if folder.is_dir():
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name != but and entry.name not in _LEFT_OUT:
                    (to / entry.name).symlink_to(folder / entry.name)
