"""WorkspaceFile: where a document lies on the disk, and in which of the client's workspace folders."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pygls.uris import to_fs_path


@dataclass(frozen=True)
class WorkspaceFile:
    """root: the innermost workspace folder that has the file, or else the file's own folder."""

    root: Path
    file: Path
    in_workspace: bool
    """Whether a workspace folder has it."""

    @classmethod
    def of(cls, uri: str, folder_uris: Iterable[str]) -> "WorkspaceFile | None":
        """None for a document that is no file."""
        path = to_fs_path(uri)
        if path is None or not (file := Path(path)).is_absolute() or ".." in file.parts:
            return None
        roots = [Path(root) for each in folder_uris if (root := to_fs_path(each)) is not None]
        around = [root for root in roots if root != file and file.is_relative_to(root)]
        root = max(around, key=lambda root: len(root.parts), default=file.parent)
        return cls(root, file, in_workspace=bool(around))


def file_name(uri: str) -> str:
    """The last part of a URI's path, as it is on the disk."""
    return Path(unquote(urlsplit(uri).path)).name
