"""The editor plugins as files: package data of an installed Sotto, the folder editors/ of a source tree."""

import json
import zipfile
from pathlib import Path

import sotto_lsp
from sotto_engine.errors import SottoError, first_line
from sotto_lsp.commands.bundle.own_wheel import source_tree

FOLDERS = ("neovim", "helix")
_VSIX = "vscode/sotto.vsix"


def plugin_files(vsix: Path | None, version: str) -> dict[str, Path]:
    """Files by their names below editors/. `vsix`: one that is given; a source tree's is taken where it was built.

    Raises SottoError for an extension of another version.
    """
    tree = source_tree()
    root = tree / "editors" if tree else Path(sotto_lsp.__file__).parent / "plugins"
    files = {
        path.relative_to(root).as_posix(): path
        for folder in FOLDERS
        for path in (root / folder).rglob("*")
        if path.is_file() and not path.name.startswith(".") and path.name != "tags"
    }
    built = root / _VSIX
    if vsix is not None or built.exists():
        files[_VSIX] = vsix or built
        _check_version(files[_VSIX], version)
    return files


def _check_version(vsix: Path, version: str) -> None:
    try:
        with zipfile.ZipFile(vsix) as zipped:
            found = json.loads(zipped.read("extension/package.json"))["version"]
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise SottoError(
            f"{vsix} cannot be read as a VS Code extension ({first_line(error)}); build it again with `make vsix`."
        ) from error
    if found != version:
        raise SottoError(
            f"{vsix} is version {found} and Sotto is {version}; build it again with `make vsix`."
        )
