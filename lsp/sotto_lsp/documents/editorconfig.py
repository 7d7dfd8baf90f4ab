"""find_unit: the indentation that `.editorconfig` files name for a document on the disk."""

import re
from functools import lru_cache
from pathlib import Path

from editorconfig import EditorConfigError, get_properties
from pygls.uris import to_fs_path

_MAX_WIDTH = 8


def find_unit(uri: str) -> str:
    """A tab, some spaces, or "" where no file names it. Read once for each kind of file in a folder."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    if path is None or not (file := Path(path)).is_absolute():
        return ""
    return _read_unit(file.parent, f"file{file.suffix}" if file.suffix else file.name)


@lru_cache(maxsize=256)
def _read_unit(folder: Path, name: str) -> str:
    try:
        properties = get_properties(str(folder / name))
    except (EditorConfigError, OSError, ValueError, RecursionError, re.error):
        return ""
    if properties.get("indent_style") == "tab":
        return "\t"
    size = properties.get("indent_size", "")
    return " " * int(size) if size.isdecimal() and 1 <= int(size) <= _MAX_WIDTH else ""
