"""Where a module's tests lie or belong, how they import it, and how an answer's tests get into the file."""

from pathlib import Path

import pytest

from sotto_engine.errors import SottoError
from sotto_lsp.documents.paths import WorkspaceFile
from sotto_lsp.syntax.python.added_tests import whole_tests
from sotto_lsp.syntax.python.module_tests import PythonModuleTests

STATS = PythonModuleTests(Path("test_stats.py"), "shop.stats")
IMPORT = "from shop.stats import mean\n"
TEST = "def test_mean_of_two():\n    assert mean([1, 3]) == 2\n"


def placed(root, module, *others):
    for name in (module, *others):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    found = PythonModuleTests.of(WorkspaceFile.of((root / module).as_uri(), [root.as_uri()]))
    return found.file.relative_to(root).as_posix(), found.module


@pytest.mark.parametrize(
    ("module", "others", "file", "name"),
    [
        ("app.py", [], "test_app.py", "app"),
        ("app.py", ["test_app.py"], "test_app.py", "app"),
        ("app.py", ["app_test.py"], "app_test.py", "app"),
        ("app.py", ["tests/test_other.py"], "tests/test_app.py", "app"),
        ("app.py", ["tests/other_test.py"], "tests/app_test.py", "app"),
        ("app.py", ["test/x.py"], "test/test_app.py", "app"),
        ("src/shop/stats.py", ["src/shop/__init__.py", "tests/a.py"], "tests/test_stats.py", "shop.stats"),
        ("src/shop/stats.py", ["tests/a.py"], "tests/test_stats.py", "shop.stats"),
        ("shop/stats.py", ["tests/shop/test_a.py"], "tests/shop/test_stats.py", "shop.stats"),
        ("a/b/c.py", ["a/b/__init__.py", "tests/x/a.py", "tests/b/a.py"], "tests/b/test_c.py", "b.c"),
        ("b/c.py", ["b/__init__.py", "b/tests/a.py", "tests/a.py"], "b/tests/test_c.py", "b.c"),
        ("shop/stats.py", ["tests/deep/er/test_stats.py"], "tests/deep/er/test_stats.py", "shop.stats"),
        ("b/stats.py", ["tests/a/test_stats.py", "tests/b/test_stats.py"], "tests/b/test_stats.py", "b.stats"),
        ("b/c.py", ["b/__init__.py", "b/test_d.py", "tests/a.py"], "b/test_c.py", "b.c"),
        ("shop/__init__.py", ["tests/a.py"], "tests/test_shop.py", "shop"),
    ],
)  # fmt: skip
def test_file_of_tests_is_where_the_project_has_them(tmp_path, module, others, file, name):
    assert placed(tmp_path, module, *others) == (file, name)


def test_file_of_tests_above_the_workspace_is_not_used(tmp_path):
    (tmp_path / "tests").mkdir()
    assert placed(tmp_path / "root", "app.py") == ("test_app.py", "app")


def test_module_that_cannot_be_imported_is_refused(tmp_path):
    with pytest.raises(SottoError, match="no name that tests could import it by"):
        placed(tmp_path, "my-script.py")


def after(existing, answer):
    changes = STATS.add_tests(existing, answer, "mean")
    if isinstance(changes, str):
        return changes
    for change in reversed(changes):
        existing = change.apply(existing)
    return existing


def test_new_file_has_the_import_and_the_tests():
    assert after("", IMPORT + "\n\n" + TEST) == IMPORT + "\n\n" + TEST
    assert after("", "import math\n" + IMPORT + "\n\n# Two.\n" + TEST) == (
        "import math\n" + IMPORT + "\n\n# Two.\n" + TEST
    )


def test_import_that_the_answer_lacks_is_written():
    raises = "def test_mean_of_none():\n    with pytest.raises(ZeroDivisionError):\n        mean([])\n"
    assert after("", raises) == IMPORT + "import pytest\n\n\n" + raises


def test_imports_go_to_the_imports_and_tests_to_the_end():
    existing = '"""Of the shop."""\n\nimport pytest\n\n\ndef test_sum():\n    assert sum([]) == 0\n\n\n'
    assert after(existing, IMPORT + "import pytest\n\n\n" + TEST) == (
        '"""Of the shop."""\n\nimport pytest\nfrom shop.stats import mean\n\n\n'
        "def test_sum():\n    assert sum([]) == 0\n\n\n" + TEST
    )


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        ("from shop.stats import (\n  a,\n  mean,\n)\n", "from shop.stats import (\n  a,\n  mean,\n)\n\n\n" + TEST),
        ('"""Doc."""\n', '"""Doc."""\n\n' + IMPORT + "\n\n" + TEST),
        ("@staticmethod\ndef f(): ...\n", IMPORT + "\n\n@staticmethod\ndef f(): ...\n\n\n" + TEST),
        ("# Nothing yet.\n", "# Nothing yet.\n" + IMPORT + "\n\n" + TEST),
        ("  \n", IMPORT + "\n\n" + TEST),
        ("x = 1\r\n", (IMPORT + "\n\nx = 1\n\n\n" + TEST).replace("\n", "\r\n")),
    ],
)  # fmt: skip
def test_existing_file_is_only_added_to(existing, expected):
    assert after(existing, IMPORT + "\n\n" + TEST) == expected


@pytest.mark.parametrize(
    ("existing", "answer", "why"),
    [
        ("", "def test_mean(:\n", "the tests would not compile"),
        ("x = (\n", TEST, "does not compile as it is"),
        ("", IMPORT, "there is no test in it"),
        ("", "def check():\n    assert mean([1]) == 1\n", "there is no test in it"),
        ("", "def test_x():\n    assert 1\n", "does not use mean"),
        ("", "def test_x():\n    mean([1])\n", "checks nothing"),
        ("", TEST + "\nprint(mean([1]))\n", "would run code"),
        ("", TEST + "\n" + TEST, "test_mean_of_two is there already"),
        (TEST, TEST, "test_mean_of_two is there already"),
        ("", TEST.replace("2\n", "two\n"), "two is defined nowhere"),
        ("from other import mean\n", TEST, "mean is something else"),
        ("def mean(): ...\n", TEST, "mean is something else"),
    ],
)
def test_refusal_of_tests_has_a_reason(existing, answer, why):
    assert why in after(existing, answer)


def test_cut_off_answer_keeps_its_whole_tests():
    two = IMPORT + "\n\n" + TEST + "\n\n@slow\ndef test_more():\n    assert me"
    assert whole_tests(two).rstrip() == (IMPORT + "\n\n" + TEST).rstrip()
    assert whole_tests("def test_a():\n    ass") == "" == whole_tests("x = 1")
