"""Sotto's own wheel, of a source tree, a given file or what is installed, and its editor plugins.

It is written uncompressed (another zlib gives other bytes): the same files make the same wheel.
"""

import base64
import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path

import sotto_lsp
from sotto_engine.errors import SottoError, first_line
from sotto_lsp.commands.bundle.wheels import run_pip

_NAME = "sotto_ls"
_ENTRANCE = "sotto_lsp/commands/bundle/installation.py"
"""What install.sh starts, from the wheel."""
_WRITTEN_BY_INSTALLERS = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"}
_TIME = (2020, 2, 2, 0, 0, 0)
_PLUGIN_FOLDERS = ("neovim", "helix")
_VSIX = "vscode/sotto.vsix"


def source_tree() -> Path | None:
    """The folder with pyproject.toml that this Sotto runs from; None for one that is installed."""
    root = Path(sotto_lsp.__file__).parents[2]
    return root if (root / "pyproject.toml").exists() and (root / "editors").is_dir() else None


def make_own_wheel(folder: Path, given: Path | None, find_links: Sequence[str]) -> Path:
    """Write the wheel into `folder`. Raises SottoError."""
    tree = source_tree()
    if given is not None:
        name, files = _read(given)
    elif tree is not None:
        name, files = _built(tree, folder / "built", find_links)
    else:
        name, files = _installed()
    path = folder / name
    _write(path, files)
    return path


def find_plugins(vsix: Path | None, version: str) -> dict[str, Path]:
    """Files by their names below editors/. `vsix`: one that is given; a source tree's is taken where it was built.

    Raises SottoError for an extension of another version.
    """
    tree = source_tree()
    root = tree / "editors" if tree else Path(sotto_lsp.__file__).parent / "plugins"
    files = {
        path.relative_to(root).as_posix(): path
        for folder in _PLUGIN_FOLDERS
        for path in (root / folder).rglob("*")
        if path.is_file() and not path.name.startswith(".") and path.name != "tags"
    }
    built = root / _VSIX
    if vsix is not None or built.exists():
        files[_VSIX] = vsix or built
        _check_version(files[_VSIX], version)
    return files


def _read(wheel: Path) -> tuple[str, dict[str, bytes]]:
    """File name and contents by their names."""
    try:
        with zipfile.ZipFile(wheel) as zipped:
            files = {name: zipped.read(name) for name in zipped.namelist() if not name.endswith("/")}
    except (OSError, zipfile.BadZipFile) as error:
        raise SottoError(f"{wheel} cannot be read as a wheel ({first_line(error)}); build it again.") from error
    if not wheel.name.startswith(f"{_NAME}-") or _ENTRANCE not in files:
        raise SottoError(f"{wheel} is no wheel of sotto-ls that can install a bundle; build one with `pip wheel`.")
    return wheel.name, files


def _built(tree: Path, folder: Path, find_links: Sequence[str]) -> tuple[str, dict[str, bytes]]:
    options = [f"--find-links={each}" for each in find_links]
    run_pip(
        ["wheel", "--no-deps", f"--wheel-dir={folder}", *options, str(tree)],
        "Sotto's wheel cannot be built (--wheel FILE takes a built one)",
    )
    return _read(next(folder.glob("*.whl")))


def _installed() -> tuple[str, dict[str, bytes]]:
    installed = distribution("sotto-ls")
    files: dict[str, bytes] = {}
    for path in installed.files or ():
        is_ours = ".." not in path.parts and "__pycache__" not in path.parts
        if is_ours and not (path.parent.suffix == ".dist-info" and path.name in _WRITTEN_BY_INSTALLERS):
            try:
                files[path.as_posix()] = Path(str(path.locate())).read_bytes()
            except OSError as error:
                raise SottoError(
                    f"{path.locate()} of the installed Sotto cannot be read ({error.strerror}); install it again."
                ) from error
    if _ENTRANCE not in files:
        raise SottoError("This Sotto was not installed from a wheel; give its wheel with --wheel FILE.")
    return f"{_NAME}-{installed.version}-py3-none-any.whl", files


def _write(path: Path, files: Mapping[str, bytes]) -> None:
    info = f"{_NAME}-{path.name.split('-')[1]}.dist-info"
    record = f"{info}/RECORD"
    contents = {name: data for name, data in sorted(files.items()) if name != record}
    lines = [f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in contents.items()]
    contents[record] = "".join([*lines, f"{record},,\n"]).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as zipped:
        for name, data in contents.items():
            member = zipfile.ZipInfo(name, _TIME)
            member.create_system = 3  # Unix, wherever it is made
            member.external_attr = 0o100644 << 16
            zipped.writestr(member, data)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _check_version(vsix: Path, version: str) -> None:
    try:
        with zipfile.ZipFile(vsix) as zipped:
            found = json.loads(zipped.read("extension/package.json"))["version"]
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise SottoError(
            f"{vsix} cannot be read as a VS Code extension ({first_line(error)}); build it again with `make vsix`."
        ) from error
    if found != version:
        raise SottoError(f"{vsix} is version {found} and Sotto is {version}; build it again with `make vsix`.")
