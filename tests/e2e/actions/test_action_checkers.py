"""`Fix: <diagnostic>` with the real ruff and pyright, over stdio, where they are allowed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from e2e.action_editor import ActionEditor
from e2e.actions.test_code_actions import SCRIPTED

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
        editor = ActionEditor.start(SCRIPTED, env=env)
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
    return editor.run(offered(editor, text, place, message, **said), workDoneToken="mine")


def offered(editor, text, place, message, **said):
    """The fix of a diagnostic, as the menu has it."""
    editor.open_text(text)
    diagnostic = editor.diagnostic(place, message) | said
    action, *_ = editor.actions(place, diagnostics=[diagnostic], only=["quickfix"])
    return action


def test_fix_is_checked_by_the_maker_of_the_diagnostic(start, tmp_path):
    editor = start("ruff", "pyright")
    result = fix(editor, MISSPELT, "totl", "Undefined name `totl`", source="Ruff", code="F821")
    assert result["applied"] and editor.text == MISSPELT.replace("totl", "total")
    assert "ruff no longer reports F821 and no new error" in editor.messages()[-1]
    assert "ruff, answer 1" in [value.get("message") for value in editor.progress("mine")]
    assert list(tmp_path.iterdir()) == [], "nothing is written into the workspace"


def test_pyright_refuses_and_nothing_is_applied(start, tmp_path):
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
def test_checker_is_not_run_unless_allowed_and_the_maker(start, said, checkers):
    editor = start(*checkers)
    result = fix(editor, MISSPELT, "totl", "Undefined name `totl`", **said)
    assert result["applied"] and "no longer reports" not in result["message"]


def test_missing_checker_is_named_and_the_fix_applied(start):
    editor = start("ruff", env=ENV | {"PATH": ""})
    result = fix(editor, MISSPELT, "totl", "Undefined name `totl`", source="Ruff", code="F821")
    assert result["applied"]
    assert result["message"].endswith("Not checked: ruff is neither in the workspace's .venv nor on the PATH.")


def test_all_allowed_checkers_see_bodies_and_type_hints(start):
    editor = start("ruff", "pyright")
    head = "class Person:\n    def __init__(self, name: str) -> None:\n        self.name = name\n\n"
    for title, method in [
        ("Complete this body", "    def get_name(self):\n        pass\n"),
        ("Add type hints", "    def set_name(self, name: str):\n        self.name = name\n"),
    ]:
        editor.open_text(head + method)
        named = {each["title"]: each for each in editor.actions(method.split("(")[0].strip())}
        message = editor.run(named[title])["message"]
        assert "ruff reports no new error, pyright reports no new error" in message, message


HANGING = """#!{python}
import os, pathlib, time
pathlib.Path(__file__ + ".pid").write_text(str(os.getpid()))
time.sleep(600)
"""


@pytest.fixture
def hanging(tmp_path):
    """A ruff of the workspace that never answers; the file that it writes its process id into."""
    program = tmp_path / ".venv" / "bin" / "ruff"
    program.parent.mkdir(parents=True)
    program.write_text(HANGING.format(python=sys.executable))
    program.chmod(0o755)
    return program.with_name("ruff.pid")


def begun(editor, hanging):
    """A fix that has come to the checker."""
    action = offered(editor, MISSPELT, "totl", "Undefined name `totl`", source="Ruff", code="F821")
    msg_id = editor.start_action(action, workDoneToken="mine")
    wait_until(lambda: hanging.exists() and hanging.read_text())
    return msg_id


def wait_until(happened):
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.skipif(os.name == "nt", reason="the planted program is a script with a #! line")
def test_cancel_ends_a_checker_and_the_server_answers_meanwhile(start, hanging):
    editor = start("ruff")
    msg_id = begun(editor, hanging)
    assert isinstance(editor.inline(), list), "neither the event loop nor the model waits for the checker"
    editor.cancel(msg_id)
    assert editor.wait(msg_id, timeout=60)["error"]["code"] == -32800
    wait_until(lambda: is_gone(int(hanging.read_text())))
    assert editor.edits == [] and editor.text == MISSPELT
