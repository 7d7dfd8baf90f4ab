"""The project's own checkers, the real ruff and pyright: what a change must put right, and what it must not bring."""

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from sotto_lsp.actions.checkers.finding import Diagnosed
from sotto_lsp.actions.checkers.known_checkers import CHECKERS, find_checkers, find_maker
from sotto_lsp.actions.checkers.verifier import Verifier

SCRIPTS = Path(sys.executable).parent
APP = 'from .price import price\n\n\ndef total(n: int) -> str:\n    return price("a" * n)\n'
FIXED = APP.replace("-> str", "-> int")
WITHOUT_IMPORT = FIXED.replace("from .price import price\n\n\n", "")
WORSE = FIXED.replace("* n", "* n.real_part")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A package with a module that its neighbour needs, and configuration for both tools."""
    monkeypatch.setenv("PATH", str(SCRIPTS), prepend=":")
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "price.py").write_text("def price(name: str) -> int:\n    return len(name)\n")
    (package / "app.py").write_text("what is on the disk is not what is in the editor\n")
    (tmp_path / "pyproject.toml").write_text('[tool.ruff.lint]\nselect = ["F", "N"]\n')
    (tmp_path / "pyrightconfig.json").write_text('{"reportMissingImports": "error"}')
    return tmp_path


def verdicts(project, name, before, after, diagnosed=None, num_wanted=1, told=None):
    verifier = Verifier(find_checkers((name,)), project, project / "shop" / "app.py", diagnosed)

    def goes_on(what):
        if told is not None:
            told.append(what)
        return True

    return asyncio.run(verifier.judge(before, after, num_wanted, goes_on))


def tree(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_pyright_accepts_the_answer_that_mends_its_diagnostic(project):
    on_disk = tree(project)
    diagnosed = Diagnosed(4, "Pylance", "reportReturnType", 'Type "int" is not assignable to return type "str"')
    verdict = verdicts(project, "pyright", APP, [APP + "\n", WITHOUT_IMPORT, FIXED, WORSE], diagnosed)
    assert verdict.accepted == [2], "the relative import is found: its type is what the diagnostic is about"
    still, new = verdict.refusals
    assert still.startswith("pyright still reports reportReturnType") and "price" in new
    assert verdict.passed == ["pyright no longer reports reportReturnType and no new error"]
    assert verdict.unchecked == []
    assert tree(project) == on_disk, "nothing is written into the workspace"


def test_ruff_checks_by_the_rules_of_the_project(project):
    before = "import os\n\n\ndef f():\n    Bad = 1\n    return Bad\n"
    diagnosed = Diagnosed(4, "Ruff", "N806", "Variable `Bad` in function should be lowercase")
    good, other = before.replace("Bad", "bad"), before.replace("Bad", "Worse")
    verdict = verdicts(project, "ruff", before, [other, good + "import sys\n", good], diagnosed)
    assert verdict.accepted == [2], "what was there before, the unused os, is nobody's fault"
    assert [each.split(":")[0] for each in verdict.refusals] == ["ruff reports N806", "ruff reports F401"]


def test_checking_ends_with_the_wanted_number_of_answers(project):
    told = []
    verdict = verdicts(project, "ruff", "x = 1\n", ["x = 2\n", "x = 3\n", "x = 4\n"], num_wanted=2, told=told)
    assert verdict.accepted == [0, 1]
    assert told == ["asking ruff", "ruff, answer 1", "ruff, answer 2"]


def test_unchecked_diagnostic_that_ruff_does_not_report(project):
    diagnosed = Diagnosed(0, "Ruff", "D100", "Missing docstring in public module")
    verdict = verdicts(project, "ruff", "x = 1\n", ["x = y\n", "x = 2\n"], diagnosed)
    assert verdict.accepted == [1] and "F821" in verdict.refusals[0], "new errors are found all the same"
    assert verdict.unchecked == ["ruff by itself does not report this diagnostic"]


def test_mirror_holds_a_file_that_is_not_on_the_disk(project):
    (project / "shop" / "app.py").unlink()
    verdict = verdicts(project, "pyright", APP, [APP, FIXED], Diagnosed(4, "", "reportReturnType", ""))
    assert verdict.accepted == [1]


@pytest.mark.parametrize(
    ("source", "code", "maker"),
    [
        ("Ruff", "F821", "ruff"),
        ("Pylance", "reportReturnType", "pyright"),
        ("Pyright", "", "pyright"),
        ("mypy", "arg-type", "mypy"),
        ("", "F821", "ruff"),
        ("", "reportReturnType", "pyright"),
        ("", "arg-type", "mypy"),
        ("flake8", "F821", None),
        ("", "", None),
        ("rustc", "E0425", None),
    ],
)
def test_maker_of_a_diagnostic_by_source_or_code(source, code, maker):
    found = find_maker(Diagnosed(0, source, code, "message"))
    assert (found and found.name) == maker


def test_mypy_output_is_read():
    (mypy,) = find_checkers(("mypy",))
    output = (
        'shop/app.py:5:12: error: Incompatible return value type (got "int", expected "str")  [return-value]\n'
        "shop/app.py:5:12: note: See https://mypy.readthedocs.io\n"
        "shop/price.py:1: error: Not this file's  [misc]\n"
        "shop/app.py:7: error: No code\n"
        "some other line\n"
    )
    first, second = mypy.read(output, Path("shop/app.py"))
    assert (first.line, first.code) == (4, "return-value") and first.message.startswith("Incompatible")
    assert (second.line, second.code, second.message) == (6, "", "No code")


@pytest.mark.skipif(not shutil.which("mypy"), reason="mypy is not installed")
def test_mypy_accepts_the_answer_that_mends_its_diagnostic(project):
    diagnosed = Diagnosed(4, "mypy", "return-value", "Incompatible return value type")
    verdict = verdicts(project, "mypy", APP, [APP, WORSE, FIXED], diagnosed)
    assert verdict.accepted == [2]


def test_checker_sources_differ():
    sources = [source for checker in CHECKERS for source in checker.sources]
    assert len(set(sources)) == len(sources) and all(source == source.lower() for source in sources)
