"""PythonModuleTests: in which file a module's tests lie, or belong by the project's convention."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sotto_engine.errors import SottoError
from sotto_lsp.documents.paths import WorkspaceFile
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.python.added_tests import add_tests, whole_tests

_FOLDERS = ("tests", "test")
_MAX_FOLDERS = 500
"""Of one tree of tests; more are not looked through."""


@dataclass(frozen=True)
class PythonModuleTests:
    """file: an absolute path, be the file there or not. module: the dotted name for an import."""

    file: Path
    module: str

    @classmethod
    def of(cls, source: WorkspaceFile) -> "PythonModuleTests":
        """Looks at names on the disk, reads no file. Raises SottoError for a module that cannot be imported.

        A file that is there already: next to the module, else in a folder of tests at or above it, in the workspace.
        A new one: next to the module where other tests lie there or no folder of tests is; else in that folder, in
        the one of its folders that is called like the module's.
        """
        here, trees = source.file.parent, list(_trees(source))
        file = _existing(source.file, here, trees) or _new(source.file, here, trees)
        return cls(file, _module_name(source, is_next_to_it=file.parent == here))

    def import_line(self, name: str) -> str:
        return f"from {self.module} import {name}"

    def add_tests(self, existing: str, answer: str, name: str) -> list[TextChange] | str:
        return add_tests(existing, answer, name, self.import_line(name))

    def whole_tests(self, code: str) -> str:
        return whole_tests(code)


def is_test_file(path: Path) -> bool:
    return path.name.startswith("test_") or path.stem.endswith("_test") or path.name == "conftest.py"


def _trees(source: WorkspaceFile) -> Iterator[Path]:
    for folder in (source.file.parent, *source.file.parent.parents):
        if folder.is_relative_to(source.root):
            yield from (folder / name for name in _FOLDERS if (folder / name).is_dir())


def _existing(module: Path, here: Path, trees: list[Path]) -> Path | None:
    names = (f"test_{_stem(module)}.py", f"{_stem(module)}_test.py")
    if (found := next((here / name for name in names if (here / name).is_file()), None)) is not None:
        return found
    found = [
        Path(folder) / name
        for tree in trees
        for folder, _, files in islice(os.walk(tree), _MAX_FOLDERS)
        for name in names
        if name in files
    ]
    return max(found, key=lambda path: _num_shared(path.parent, here), default=None)


def _new(module: Path, here: Path, trees: list[Path]) -> Path:
    is_next_to_it = not trees or any(here.glob("test_*.py")) or any(here.glob("*_test.py"))
    folder = here if is_next_to_it else _mirrored(trees[0], here)
    is_suffixed = any(folder.glob("*_test.py")) and not any(folder.glob("test_*.py"))
    return folder / (f"{_stem(module)}_test.py" if is_suffixed else f"test_{_stem(module)}.py")


def _mirrored(tree: Path, here: Path) -> Path:
    parts = here.relative_to(tree.parent).parts
    below = (tree.joinpath(*parts[number:]) for number in range(len(parts)))
    return next((folder for folder in below if folder.is_dir()), tree)


def _num_shared(folder: Path, other: Path) -> int:
    """How many names two paths end with alike."""
    pairs = zip(reversed(folder.parts), reversed(other.parts), strict=False)
    return next((number for number, (a, b) in enumerate(pairs) if a != b), 0)


def _stem(module: Path) -> str:
    return module.parent.name if module.stem == "__init__" else module.stem


def _module_name(source: WorkspaceFile, *, is_next_to_it: bool) -> str:
    folder = source.file.parent
    parts = [] if source.file.stem == "__init__" else [source.file.stem]
    if (folder / "__init__.py").is_file():
        while (folder / "__init__.py").is_file():
            parts.insert(0, folder.name)
            folder = folder.parent
    elif not is_next_to_it:  # a package without __init__.py, or a module at the top
        top = source.root / "src" if folder.is_relative_to(source.root / "src") else source.root
        parts = [*folder.relative_to(top).parts, *parts]
    if not parts or not all(part.isidentifier() for part in parts):
        raise SottoError(f"{source.file.name} has no name that tests could import it by; nothing was written.")
    return ".".join(parts)
