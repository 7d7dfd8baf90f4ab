"""Rooms one can find: no cycle of folders, no crowded folder, no file in a package's root that does not belong there.

A file in a root that imports no folder of its package is the ground that every folder may stand on (`request.py`,
`errors.py`, `settings.py`). All other files of the root count together as one folder, the roof. `__main__.py` is a
way in that nothing can import.
"""

import ast
from collections import Counter, defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOTS = {
    ROOT / "engine" / "sotto_engine": {"engine", "loading", "request", "cancel", "errors"},
    ROOT / "lsp" / "sotto_lsp": {"server", "settings", "__main__"},
    ROOT / "onnx_models" / "sotto_models": {"store"},
}
MAX_FILES = 12
MIN_FILES = 4
TABLES = {"filters", "languages", "importing", "preparing", "quantizing", "weights"}
"""Folders whose files are rows of a table, or that are small because they are all there is of a package."""


def folder_graph(package):
    """Folder -> the folders of the same package that its files import; `.` is the roof."""
    files = [path for path in package.rglob("*.py") if path.name not in ("__init__.py", "__main__.py")]
    imported = {path: _imported_files(package, path) for path in files}
    ground = {
        path for path in files if path.parent == package and all(each.parent == package for each in imported[path])
    }
    graph = defaultdict(set)
    for path, targets in imported.items():
        for target in targets:
            here, there = _folder(package, path), _folder(package, target)
            if here != there and target not in ground:
                graph[here].add(there)
    return graph


def cycle_in(graph):
    """The folders of one cycle, or nothing."""
    done = set()

    def visit(folder, way):
        if folder in way:
            return [*way[way.index(folder) :], folder]
        if folder in done:
            return None
        found = next(filter(None, (visit(each, [*way, folder]) for each in sorted(graph[folder]))), None)
        done.add(folder)
        return found

    return next(filter(None, (visit(folder, []) for folder in sorted(graph))), None)


def _folder(package, path):
    return path.parent.relative_to(package).as_posix()


def _imported_files(package, path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    found = set()
    for name in names:
        if name.split(".")[0] == package.name:
            place = package.joinpath(*name.split(".")[1:])
            found |= {each for each in (place.with_suffix(".py"), place / "__init__.py") if each.is_file()}
    return found - {package / "__init__.py", path}


@pytest.mark.parametrize("package", ROOTS, ids=lambda path: path.name)
def test_folders_import_each_other_in_one_direction(package):
    assert cycle_in(folder_graph(package)) is None


@pytest.mark.parametrize("package", ROOTS, ids=lambda path: path.name)
def test_package_root_holds_the_files_of_the_plan(package):
    assert {path.stem for path in package.glob("*.py")} - {"__init__"} == ROOTS[package]


@pytest.mark.parametrize("top", [*ROOTS, ROOT / "onnx_models" / "recipe", ROOT / "tests"], ids=lambda path: path.name)
def test_folder_holds_4_to_12_files(top):
    counts = Counter(path.parent for path in top.rglob("*.py") if path.name != "__init__.py")
    crowded = {str(each.relative_to(ROOT)): num for each, num in counts.items() if num > MAX_FILES}
    assert not crowded
    if top in ROOTS:
        rooms = {each: num for each, num in counts.items() if each != top and each.name not in TABLES}
        assert not {str(each.relative_to(ROOT)): num for each, num in rooms.items() if num < MIN_FILES}


@pytest.mark.parametrize("package", ROOTS, ids=lambda path: path.name)
def test_folder_says_what_lives_there(package):
    for init in package.rglob("__init__.py"):
        docstring = ast.get_docstring(ast.parse(init.read_text(encoding="utf-8")))
        assert docstring and len(docstring.splitlines()) <= 3, init


def test_planted_cycle_of_folders_is_found(tmp_path):
    package = tmp_path / "house"
    for name, text in (
        ("ground.py", ""),
        ("roof.py", "from house.a.one import x"),
        ("a/one.py", "from house.b.two import y\nfrom house.ground import z"),
        ("b/two.py", ""),
    ):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    assert cycle_in(folder_graph(package)) is None
    (package / "b/two.py").write_text("from house.a import one")
    assert cycle_in(folder_graph(package)) == ["a", "b", "a"]
    (package / "b/two.py").write_text("import house.roof")
    assert cycle_in(folder_graph(package)) == [".", "a", "b", "."]
