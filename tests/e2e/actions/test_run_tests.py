"""*Write tests for this function and run them*: the real server and pytest, and answers that are written down."""

import copy
import json
import os
import sys
import time
from pathlib import Path

import pytest

from e2e.action_editor import CAPABILITIES, ActionEditor

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there are no links without developer mode")
SERVER = str(Path(__file__).parents[1] / "scripted_server.py")
ENV = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
CREATES = copy.deepcopy(CAPABILITIES)
CREATES["workspace"]["workspaceEdit"] = {"resourceOperations": ["create"], "documentChanges": True}
CODE = "def double(x):\n    return 2 * x\n"
TITLE = "Write tests for this function and run them"
RIGHT = (
    "_of_two():\n    assert double(2) == 4\n\n\ndef test_double_of_text():\n    assert double('a') == 'aa'"
)
WRONG = "_of_two():\n    assert double(2) == 4\n\n\n# Seven?\ndef test_double_of_three():\n    assert double(3) == 7"
WHOLE = "from shapes import double\n\n\ndef test_double{}\n"


@pytest.fixture
def start_editor(tmp_path):
    started = []

    def start(*answers, env=ENV, allowed=True, on_disk=CODE):
        (tmp_path / "script.json").write_text(json.dumps(answers))
        root = tmp_path / "project"
        root.mkdir(exist_ok=True)
        (root / "shapes.py").write_text(on_disk)
        editor = ActionEditor.start([sys.executable, SERVER, tmp_path / "script.json"], env=env)
        started.append(editor)
        folders = [{"uri": root.as_uri(), "name": "project"}]
        editor.begin({"actionRunTests": allowed}, CREATES, workspaceFolders=folders)
        editor.uri = (root / "shapes.py").as_uri()
        editor.open_text(CODE)
        return editor

    yield start
    for editor in started:
        assert editor.not_protocol == b"" and editor.unasked == []
        editor.close()


def offered(editor):
    return {each["title"]: each for each in editor.actions("def double")}


def ran(editor, **more):
    return editor.run(offered(editor)[TITLE], **more)


def test_it_is_offered_and_done_only_where_the_user_allows_it(start_editor):
    editor = start_editor(allowed=False)
    menu = offered(editor)
    assert "Write tests for this function" in menu and TITLE not in menu
    sent = copy.deepcopy(menu["Write tests for this function"])
    sent["command"]["arguments"][0]["action"] = "run_tests"
    assert "sotto.actionRunTests" in editor.run(sent)["message"]


def test_an_answer_whose_tests_all_pass_goes_before_one_with_a_test_that_fails(start_editor, tmp_path):
    editor = start_editor(WRONG, RIGHT, on_disk="raise SystemExit('the disk has another text')\n")
    result = ran(editor, workDoneToken="mine")
    assert result["applied"], result
    assert list(editor.files.values()) == [WHOLE.format(RIGHT)]
    assert result["message"].endswith("is added; 2 tests written, all pass.")
    assert "running the tests" in [value.get("message") for value in editor.progress("mine")]
    assert [each.name for each in (tmp_path / "project").iterdir()] == ["shapes.py"]


def test_of_tests_that_fail_it_is_said_why_and_the_others_are_written(start_editor):
    editor = start_editor(WRONG.replace("== 4", "== 5"), WRONG, WRONG)
    result = ran(editor)
    assert list(editor.files.values()) == [WHOLE.format(WRONG.split("\n\n\n", maxsplit=1)[0])]
    assert (
        "1 of 2 tests pass and are written; left out: test_double_of_three (assert 6 == 7"
        in result["message"]
    )
    assert result["message"].endswith("wrong, or a fault that they have found.")


def test_where_no_test_passes_nothing_is_written(start_editor):
    editor = start_editor(*["_a():\n    import nowhere\n    assert double(1)"] * 3)
    result = ran(editor)
    assert result["applied"] is False and editor.files == {}
    assert (
        "no test passes: test_double_a (ModuleNotFoundError: No module named 'nowhere')" in result["message"]
    )


def test_without_pytest_the_tests_are_written_and_it_is_said_that_they_were_not_run(start_editor):
    result = ran(start_editor(WRONG, env=ENV | {"PATH": ""}))
    assert result["applied"]
    assert result["message"].endswith(
        "the tests were not run: pytest is neither in the workspace's .venv nor on the PATH."
    )


def test_a_cancel_ends_the_tests_with_their_children_and_writes_nothing(start_editor, tmp_path):
    started = tmp_path / "pids"
    hanging = (
        "_hangs():\n    import os, subprocess, time\n    child = subprocess.Popen(['sleep', '600'])\n"
        f"    open({str(started)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}} ')\n"
        "    time.sleep(600)\n    assert double(1)"
    )
    editor = start_editor(hanging)
    msg_id = editor.start_action(offered(editor)[TITLE])
    while not (started.exists() and started.read_text().endswith(" ")):
        time.sleep(0.02)
    editor.cancel(msg_id)
    assert editor.wait(msg_id, timeout=60)["error"]["code"] == -32800
    pids = [int(each) for each in started.read_text().split()]
    end = time.monotonic() + 10
    while any(map(is_running, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(map(is_running, pids)) and editor.files == {}


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False
