"""ModuleTests: in which file a module's tests lie, or belong by the project's convention, and how they import it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sotto_engine.errors import SottoError
from sotto_lsp.documents.paths import WorkspaceFile

_FOLDERS = ("tests", "test")
_MAX_FOLDERS = 500
"""of one tree of tests; more are not looked through"""


@dataclass(frozen=True)
class ModuleTests:
    """file: an absolute path, be the file there or not. module: the dotted name for an import."""

    file: Path
    module: str

    @classmethod
    def of(cls, source: WorkspaceFile) -> "ModuleTests":
        """Looks at names on the disk, reads no file. Raises SottoError for a module that cannot be imported.

        A file that is there already: beside the module, else in a folder of tests at or above it, in the workspace.
        A new one: beside the module where other tests lie there or no folder of tests is; else in that folder, in the
        one of its folders that is called like the module's.
        """
        beside, trees = source.file.parent, list(_trees(source))
        file = _existing(source.file, beside, trees) or _new(source.file, beside, trees)
        return cls(file, _module_name(source, is_beside=file.parent == beside))


def is_test_file(path: Path) -> bool:
    return path.name.startswith("test_") or path.stem.endswith("_test") or path.name == "conftest.py"


def _trees(source: WorkspaceFile) -> Iterator[Path]:
    for folder in (source.file.parent, *source.file.parent.parents):
        if folder.is_relative_to(source.root):
            yield from (folder / name for name in _FOLDERS if (folder / name).is_dir())


def _existing(module: Path, beside: Path, trees: list[Path]) -> Path | None:
    names = (f"test_{_stem(module)}.py", f"{_stem(module)}_test.py")
    if (found := next((beside / name for name in names if (beside / name).is_file()), None)) is not None:
        return found
    found = [
        Path(folder) / name
        for tree in trees
        for folder, _, files in islice(os.walk(tree), _MAX_FOLDERS)
        for name in names
        if name in files
    ]
    return max(found, key=lambda path: _num_shared(path.parent, beside), default=None)


def _new(module: Path, beside: Path, trees: list[Path]) -> Path:
    is_beside = not trees or any(beside.glob("test_*.py")) or any(beside.glob("*_test.py"))
    folder = beside if is_beside else _mirrored(trees[0], beside)
    behind = any(folder.glob("*_test.py")) and not any(folder.glob("test_*.py"))
    return folder / (f"{_stem(module)}_test.py" if behind else f"test_{_stem(module)}.py")


def _mirrored(tree: Path, beside: Path) -> Path:
    parts = beside.relative_to(tree.parent).parts
    below = (tree.joinpath(*parts[number:]) for number in range(len(parts)))
    return next((folder for folder in below if folder.is_dir()), tree)


def _num_shared(folder: Path, other: Path) -> int:
    """How many names two paths end with alike."""
    pairs = zip(reversed(folder.parts), reversed(other.parts), strict=False)
    return next((number for number, (a, b) in enumerate(pairs) if a != b), 0)


def _stem(module: Path) -> str:
    return module.parent.name if module.stem == "__init__" else module.stem


def _module_name(source: WorkspaceFile, *, is_beside: bool) -> str:
    folder = source.file.parent
    parts = [] if source.file.stem == "__init__" else [source.file.stem]
    if (folder / "__init__.py").is_file():
        while (folder / "__init__.py").is_file():
            parts.insert(0, folder.name)
            folder = folder.parent
    elif not is_beside:  # a package without __init__.py, or a module at the top
        top = source.root / "src" if folder.is_relative_to(source.root / "src") else source.root
        parts = [*folder.relative_to(top).parts, *parts]
    if not parts or not all(part.isidentifier() for part in parts):
        raise SottoError(
            f"{source.file.name} has no name that tests could import it by; nothing was written."
        )
    return ".".join(parts)
