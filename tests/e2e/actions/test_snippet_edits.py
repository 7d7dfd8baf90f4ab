"""Edits that are snippets for clients that take them, on the embedded model over stdio; plain ones for all others."""

import copy
import re

import pytest

from e2e.action_editor import CAPABILITIES, ActionEditor
from e2e.actions.test_code_actions import LINE, SCRIPTED, STUB

SNIPPETS = copy.deepcopy(CAPABILITIES)
SNIPPETS["workspace"]["workspaceEdit"]["snippetEditSupport"] = True
SNIPPETS["window"]["showMessage"] = {"messageActionItem": {}}
BODY = ("Complete this body", "pass")
REWRITE = ("Rewrite line: 3 alternatives", "return")


@pytest.fixture
def edit_of():
    """What the server asks to apply for an action at a place of a text; `typed` while the model is at it."""
    started = []

    def edit(text, action, capabilities=SNIPPETS, settings=None, typed=None):
        editor = ActionEditor.start(SCRIPTED)
        started.append(editor)
        editor.begin({"actionCandidates": 8} | (settings or {}), capabilities)
        editor.open_text(text)
        editor.answers["workspace/applyEdit"] = lambda params: (
            editor.edits.append(params["edit"]) or {"applied": True}
        )
        asked = []
        editor.answers["window/showMessageRequest"] = lambda params: asked.append(params) or params["actions"][0]
        title, place = action
        named = {each["title"]: each for each in editor.actions(place)}
        msg_id = editor.start_action(named[title])
        if typed is not None:
            editor.type(*typed)
        assert editor.wait(msg_id, timeout=60)["result"]["applied"]
        ((change,),) = [each["edits"] for each in editor.edits[0]["documentChanges"]]
        return editor, change, asked

    yield edit
    for editor in started:
        editor.close()


def test_cursor_stands_after_a_body_of_one_line(edit_of):
    editor, change, _ = edit_of(STUB, BODY)
    snippet = change["snippet"]
    assert snippet["kind"] == "snippet" and re.fullmatch(r"return self\.\w+\$0", snippet["value"])
    assert change["range"] == editor.range_of("pass")


def test_choice_among_lines_in_their_place_without_a_message(edit_of):
    editor, change, asked = edit_of(LINE, REWRITE)
    lines = re.fullmatch(r"\$\{1\|(.*)\|\}\$0", change["snippet"]["value"])[1].split(",")
    assert len(lines) == len(set(lines)) >= 2 and asked == []
    assert change["range"] == editor.range_of("return total / len(values)")


@pytest.mark.parametrize(
    ("capabilities", "settings", "typed"),
    [(CAPABILITIES, None, None), (SNIPPETS, {"actionPreview": True}, None), (SNIPPETS, None, ("x = 1\n", 0))],
    ids=["a client without", "a preview", "something was typed"],
)
@pytest.mark.parametrize(("text", "action"), [(STUB, BODY), (LINE, REWRITE)], ids=["body", "line"])
def test_plain_edit_where_no_snippet_is_wanted(edit_of, text, action, capabilities, settings, typed):
    _, change, asked = edit_of(text, action, capabilities, settings, typed)
    assert "newText" in change and "snippet" not in change
    assert len(asked) == (capabilities is SNIPPETS and action is REWRITE)


def test_plain_edit_for_a_docstring_of_its_own_line(edit_of):
    text = "def mean(values: list[float]) -> float:\n    return sum(values) / len(values)\n"
    _, change, _ = edit_of(text, ("Write docstring", "def mean"))
    assert '"""' in change["newText"]
