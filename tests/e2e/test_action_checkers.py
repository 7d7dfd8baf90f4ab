"""`Fix: <diagnostic>` with the real ruff and pyright, over stdio, where they are allowed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.action_editor import ActionEditor
from e2e.conftest import COMMAND

ENV = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
MISSPELT = "def mean(values):\n    total = sum(values)\n    return totl / len(values)\n"
UNKNOWN = "def f(name: str) -> str:\n    upper = name.uper()\n    return upper\n"
CALLED = "def area(width: float, height: float) -> float:\n    return width * height\n\n\nprint(area(2, 'three'))\n"
TYPED = "def size(names: list[str]) -> int:\n    count = len(names)\n    return names\n"


@pytest.fixture
def start(tmp_path):
    """An editor on a workspace of its own, with these checkers allowed."""
    started = []

    def start(*checkers, env=ENV):
        editor = ActionEditor.start(COMMAND, env=env)
        started.append(editor)
        editor.begin({"actionCheckers": list(checkers), "actionCandidates": 8})
        editor.uri = (tmp_path / "app.py").as_uri()
        return editor

    yield start
    for editor in started:
        assert editor.not_protocol == b"" and editor.unasked == []
        editor.close()


def fix(editor, text, place, message, **said):
    """What the command answered to the fix of a diagnostic."""
    editor.open_text(text)
    diagnostic = editor.diagnostic(place, message) | said
    action, *_ = editor.actions(place, diagnostics=[diagnostic], only=["quickfix"])
    return editor.run(action, workDoneToken="mine")


def test_a_fix_is_shown_to_the_checker_that_made_the_diagnostic(start, tmp_path):
    editor = start("ruff", "pyright")
    result = fix(editor, MISSPELT, "totl", "Undefined name `totl`", source="Ruff", code="F821")
    assert result["applied"] and editor.text == MISSPELT.replace("totl", "total")
    assert "ruff no longer reports F821 and no new error" in editor.said()[-1]
    assert "ruff, answer 1" in [value.get("message") for value in editor.progress("mine")]
    assert list(tmp_path.iterdir()) == [], "nothing is written into the workspace"


def test_what_pyright_does_not_accept_is_not_applied(start, tmp_path):
    editor = start("pyright")
    num_applied = 0
    for text, place, rule in [
        (UNKNOWN, "uper", "reportAttributeAccessIssue"),
        (TYPED, "return names", "reportReturnType"),
        (CALLED, "'three'", "reportArgumentType"),
    ]:
        result = fix(editor, text, place, "what the editor said", source="Pylance", code=rule)
        if result["applied"]:
            assert f"pyright no longer reports {rule} and no new error" in result["message"]
            (tmp_path / "app.py").write_text(editor.text)
            done = subprocess.run(["pyright", "app.py"], env=ENV, cwd=tmp_path, check=False)
            assert done.returncode == 0, editor.text
            num_applied += 1
        else:
            assert "the likeliest: pyright " in result["message"] and editor.text == text
    assert num_applied > 0


@pytest.mark.parametrize(
    ("said", "checkers"),
    [
        ({"source": "Ruff", "code": "F821"}, ()),
        ({"source": "Ruff", "code": "F821"}, ("pyright", "mypy")),
        ({"source": "flake8", "code": "F821"}, ("ruff", "pyright", "mypy")),
        ({}, ("ruff", "pyright", "mypy")),
    ],
)
def test_no_checker_is_run_that_is_not_allowed_or_did_not_make_the_diagnostic(start, said, checkers):
    editor = start(*checkers)
    result = fix(editor, MISSPELT, "totl", "Undefined name `totl`", **said)
    assert result["applied"] and "no longer reports" not in result["message"]


def test_a_missing_checker_is_named_and_the_fix_made_all_the_same(start):
    editor = start("ruff", env=ENV | {"PATH": ""})
    result = fix(editor, MISSPELT, "totl", "Undefined name `totl`", source="Ruff", code="F821")
    assert result["applied"]
    assert result["message"].endswith(
        "Not checked: ruff is neither in the workspace's .venv nor on the PATH."
    )
