"""Files and folders in the user's cache folder that nobody else can have written to, or can read."""

import os
from pathlib import Path


def is_private(about: os.stat_result) -> bool:
    """Whether something belongs to this user and is closed to all others; Windows keeps a user's folders so."""
    return os.name == "nt" or (about.st_uid == os.geteuid() and not about.st_mode & 0o077)


def is_private_folder(path: Path) -> bool:
    """Whether this is a folder, no link to one, and this user alone can change what is in it."""
    try:
        return path.is_dir() and not path.is_symlink() and is_private(path.lstat())
    except OSError:
        return False


def make_private_folder(path: Path) -> None:
    """Raises OSError where it is not for this user alone."""
    path.mkdir(parents=True, exist_ok=True)
    if not path.is_symlink():
        path.chmod(0o700)
    if not is_private_folder(path):
        raise PermissionError(0, "the folder for them belongs to others")
