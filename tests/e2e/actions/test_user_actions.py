"""Actions that users write down, over stdio, with a model that answers what a script says."""

import json
import sys
import time
from pathlib import Path

import pytest

from e2e.action_editor import ActionEditor
from e2e.conftest import COMMAND

SCRIPTED = Path(__file__).parents[1] / "scripted_server.py"
MINE = '[[action]]\ntitle = "Use our logger"\ninstruction = "Replace print by log.info."\n'
HEAD = "import logging\n\nlog = logging.getLogger()\n\n\n"
CODE = HEAD + "def greet(name):\n    print('hello')\n    print(name)\n    return name\n"
LOGGED = CODE.replace("print", "log.info")


@pytest.fixture
def start(tmp_path):
    """An editor on a workspace with this file of actions, a home of its own, and a model with these answers."""
    started = []
    home, work, script = tmp_path / "home", tmp_path / "work", tmp_path / "answers.json"
    (work / ".sotto").mkdir(parents=True)
    home.mkdir()

    def start(toml, *answers, command=(sys.executable, str(SCRIPTED), str(script)), **settings):
        (work / ".sotto" / "actions.toml").write_text(toml)
        script.write_text(json.dumps(answers))
        path = str(Path(sys.executable).parent)
        env = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "PATH": path}
        editor = ActionEditor.start(list(command), env=env)
        started.append(editor)
        editor.begin(settings, workspaceFolders=[{"uri": work.as_uri(), "name": "work"}])
        editor.uri = (work / "app.py").as_uri()
        editor.open_text(CODE)
        editor.own = home / "sotto" / "actions.toml"
        return editor

    yield start
    for editor in started:
        assert editor.not_protocol == b"" and editor.unasked == []
        editor.close()


def titles(editor, place="def greet", **more):
    return [action["title"] for action in editor.actions(place, **more)]


def run_mine(editor):
    (action,) = [each for each in editor.actions("def greet") if each["title"] == "Use our logger"]
    return editor.run(action, workDoneToken="mine")


def test_workspace_action_from_the_menu_to_the_edit(start):
    editor = start(MINE, LOGGED.removeprefix(HEAD))
    result = run_mine(editor)
    assert result["applied"] and editor.text == LOGGED
    assert editor.messages()[-1].startswith("Sotto: Use our logger: done; checked that the file compiles")
    assert editor.progress("mine")[-1]["kind"] == "end"


def test_checkers_that_are_named_and_allowed_see_the_answers(start):
    editor = start(
        MINE + 'check = ["parses", "ruff"]\n',
        LOGGED.removeprefix(HEAD).replace("    return", "    other = 1\n    return"),
        LOGGED.removeprefix(HEAD),
        actionCheckers=["ruff"],
    )
    result = run_mine(editor)
    assert result["applied"] and editor.text == LOGGED, "an unused variable is what ruff refuses"
    assert "ruff reports no new error (2 answers)" in result["message"]


def test_workspace_cannot_run_a_checker_that_is_not_allowed(start):
    editor = start(MINE + 'check = ["ruff"]\n', LOGGED.removeprefix(HEAD))
    assert "Not checked: ruff, which sotto.actionCheckers does not allow." in run_mine(editor)["message"]


def test_offered_by_selection_and_kind(start):
    editor = start(MINE + 'kind = "quickfix"\n')
    assert "Use our logger" in titles(editor, "print('hello')", only=["quickfix"])
    assert "Use our logger" not in titles(editor, "def greet", only=["refactor"])
    assert "Use our logger" not in titles(editor, "hello")


def test_own_file_is_found_and_read_again(start):
    editor = start("")
    assert "Mine" not in titles(editor)
    editor.own.parent.mkdir()
    editor.own.write_text(MINE.replace("Use our logger", "Mine"))
    end = time.monotonic() + 60
    while "Mine" not in titles(editor):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_mistakes_are_shown_once_and_cost_no_other_action(start):
    editor = start(MINE + '[[action]]\ntitle = "B"\ninstruction = "C"\ncheck = ["make"]\n')
    for _ in range(3):
        assert "Use our logger" in titles(editor) and "B" not in titles(editor)
    (told,) = editor.messages()
    assert "actions.toml: action 2 ('B'): check must be a list of " in told and "['make']" in told


def test_thousand_menus_with_user_actions_run_no_model(start):
    editor = start(MINE)
    for _ in range(1000):
        assert "Use our logger" in titles(editor)
    assert editor.metrics()["num_action_answers"] == 0


def test_embedded_model_is_given_no_instructions(start):
    editor = start(MINE + "[[action]]\n", command=COMMAND)
    assert "Use our logger" not in titles(editor)
    assert editor.messages() == [], "the file was not looked at"
