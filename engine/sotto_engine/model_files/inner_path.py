"""Whether names of files that come from outside (an archive, a manifest, a graph) stay inside their folder.

Standard library only: a bundle's installation asks before anything is installed.
"""

from pathlib import PurePath


def leaves_folder(name: str) -> bool:
    """True for an absolute path, one with `..`, and a Windows drive, on every system; empty names leave nothing."""
    path = PurePath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1])
