"""Actions under way: cancelled, overtaken by completions, and refused where the text has changed."""

import time

import pytest

from e2e.action_editor import ActionEditor
from e2e.actions.test_code_actions import SCRIPTED

ABOVE = "x = 1\n" * 40
STUB = ABOVE + 'def mean(values):\n    """The mean of values."""\n    pass\n\n\ny = 1\n'
BROKEN = ABOVE + "def mean(values):\n    total = sum(values\n    return total / len(values)\n"
CANCELLED = -32800


@pytest.fixture
def editor():
    with ActionEditor.start(SCRIPTED) as editor:
        yield editor.begin()
        assert editor.not_protocol == b"" and editor.unasked == []


def begun(editor, action):
    """Start an action and wait until the model is at it."""
    msg_id = editor.start_action(action, workDoneToken="t")
    editor.wait_notification("$/progress", num_before=len(editor_progress(editor)))
    return msg_id


def wait_until(happened):
    end = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def editor_progress(editor):
    return [each for each in editor.notifications if each["method"] == "$/progress"]


@pytest.mark.parametrize("after_ms", [0, 5, 20, 60, 150, 300])
@pytest.mark.parametrize("how", ["request", "progress"])
def test_cancel_at_any_point_leaves_document_and_scheduler_alone(editor, after_ms, how):
    editor.open_text(STUB)
    editor.refuse = True  # what is sent at the last moment is not applied either
    msg_id = begun(editor, editor.actions("pass")[0])
    time.sleep(after_ms / 1000)
    if how == "request":
        editor.cancel(msg_id)
    else:
        editor.notify("window/workDoneProgress/cancel", {"token": "t"})
    response = editor.wait(msg_id, timeout=20)
    assert "error" in response or after_ms > 20, "it was under way"
    if "error" in response:
        assert response["error"]["code"] == CANCELLED
        wait_until(lambda: editor.progress("t")[-1]["kind"] == "end")
        assert editor.edits == [] or after_ms > 20, "it was on its way to the editor"
    assert editor.text == STUB
    start = time.perf_counter()
    editor.inline(len(ABOVE))
    assert time.perf_counter() - start < 5, "the worker is not at the action any more"


def test_completion_overtakes_an_action(editor):
    editor.open_text(STUB)
    msg_id = begun(editor, editor.actions("pass")[0])
    during = editor.send_request("textDocument/inlineCompletion", editor.inline_params(len(ABOVE) - 1))
    editor.wait(during, timeout=20)
    response = editor.wait(msg_id, timeout=60)
    assert editor.received_at[during] < editor.received_at[msg_id]
    assert "result" in response, "the action goes on after it"


def test_typing_elsewhere_moves_the_edit(editor):
    editor.open_text(BROKEN)
    # Sent without a pause: the action has begun on the old text when the change is read, and cannot be done.
    msg_id = editor.start_action(editor.actions("total = sum")[0])
    editor.type("first = 0\n", 0)
    result = editor.wait(msg_id, timeout=60)["result"]
    assert result["applied"], result
    assert editor.text == "first = 0\n" + BROKEN.replace("sum(values", "sum(values)")


def test_stale_edit_is_refused_where_the_lines_changed(editor):
    editor.open_text(STUB)
    msg_id = begun(editor, editor.actions("pass")[0])
    editor.type("  # mine", editor.text.index("pass") + 4)
    changed = editor.text
    result = editor.wait(msg_id, timeout=60)["result"]
    assert result["applied"] is False and editor.text == changed
    assert "changed meanwhile" in result["message"]
    assert "changed meanwhile" in editor.messages()[-1]


def test_stale_command_is_refused_with_a_sentence(editor):
    editor.open_text(BROKEN)
    action = editor.actions("total = sum")[0]
    editor.type("\n")
    assert "has changed since" in editor.run(action)["message"]
    for arguments, why in [
        ({}, "names no action"),
        ({"action": "fix_syntax"}, "not open"),
        ({"action": "fix_syntax", "uri": editor.uri}, "no range"),
        ({"action": "fix_syntax", "uri": editor.uri, "range": {"start": 1}}, "no range"),
        (
            {
                "action": "implement_todo",
                "uri": editor.uri,
                "range": action["command"]["arguments"][0]["range"],
            },
            "nothing here",
        ),
    ]:
        result = editor.run({"command": {"command": "sotto.action", "arguments": [arguments]}})
        assert result["applied"] is False and why in result["message"]
    assert editor.edits == []


def test_editor_refuses_an_edit_and_the_message_says_why(editor):
    editor.open_text(BROKEN)
    editor.refuse = True
    result = editor.run(editor.actions("total = sum")[0])
    assert result == {"applied": False, "message": "The editor did not apply the edit (read-only)."}


def test_newer_action_supersedes_the_older(editor):
    editor.open_text(STUB)
    action = editor.actions("pass")[0]
    older, newer = begun(editor, action), editor.start_action(action)
    assert editor.wait(older, timeout=20)["error"]["code"] == CANCELLED
    assert "result" in editor.wait(newer, timeout=60)


def test_closed_document_gets_no_edit(editor):
    editor.open_text(STUB)
    msg_id = begun(editor, editor.actions("pass")[0])
    editor.notify("textDocument/didClose", {"textDocument": {"uri": editor.uri}})
    result = editor.wait(msg_id, timeout=60)["result"]
    assert result["applied"] is False and "closed" in result["message"]
