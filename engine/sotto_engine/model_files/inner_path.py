"""Names of files that somebody else wrote down: whether they stay inside the folder that they are said to be in.

Standard library only: a bundle's installation asks before anything is installed.
"""

from pathlib import PurePath


def leaves_folder(name: str) -> bool:
    """True for an absolute path, one with `..`, and a Windows drive, on every system; empty names leave nothing."""
    path = PurePath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1])
