"""WorkspaceFile: where a document lies on the disk, and in which workspace folder. read_source: a file as text."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pygls.uris import to_fs_path

from sotto_engine.errors import SottoError
from sotto_lsp.documents.line_ends import normalize_line_ends

MAX_FILE_NBYTES = 8_000_000


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


def read_source(path: Path) -> str:
    """A source file with `\\n` line ends. Raises SottoError if it is missing, too large or not text."""
    try:
        if path.stat().st_size > MAX_FILE_NBYTES:
            raise SottoError(f"{path} is larger than {MAX_FILE_NBYTES // 1_000_000} MB; give a smaller file.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SottoError(f"{path} cannot be read ({error.strerror}); give a source file.") from error
    except UnicodeDecodeError as error:
        raise SottoError(f"{path} is not UTF-8 text; give a source file.") from error
    if "\0" in text:
        raise SottoError(f"{path} is binary; give a source file.")
    return normalize_line_ends(text)
