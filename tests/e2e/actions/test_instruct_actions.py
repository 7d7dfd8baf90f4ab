"""The actions of instruct models over stdio: the real server, and answers that are written down (scripted_server)."""

import copy
import json
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from e2e.action_editor import CAPABILITIES, ActionEditor

SERVER = str(Path(__file__).parents[1] / "scripted_server.py")
CODE = """import math


def area(rs):
    out = []
    for r in rs:
        out.append(math.pi * r)
    return out
"""
LOOP = "    for r in rs:\n        out.append(math.pi * r)\n"
SHORT = "out += [math.pi * r for r in rs]"
SHORTER = CODE.replace(LOOP, f"    {SHORT}\n")
TESTS = "_of_nothing():\n    assert area([]) == []\n\n\ndef test_area_of_one():\n    assert area([1]) == [math.pi]"
CANCELLED = -32800
CREATES = copy.deepcopy(CAPABILITIES)
CREATES["workspace"]["workspaceEdit"] = {"resourceOperations": ["create"]}  # as Neovim declares it


@pytest.fixture
def start_editor(tmp_path):
    started = []

    def start(*answers, capabilities=CAPABILITIES):
        script = tmp_path / "script.json"
        script.write_text(json.dumps(answers))
        editor = ActionEditor.start([sys.executable, SERVER, script])
        started.append(editor)
        editor.begin(None, capabilities)
        editor.uri = (tmp_path / "shapes.py").as_uri()
        return editor

    yield start
    for editor in started:
        assert editor.not_protocol == b"" and editor.unasked == []
        editor.close()


def action(editor, title, place):
    named = {each["title"]: each for each in editor.actions(place)}
    assert title in named
    return named[title]


def begun(editor, chosen):
    """The request, once the model is at it."""
    msg_id = editor.start_action(chosen, workDoneToken="t")
    while "answer 1 of 3, 8 tokens" not in [value.get("message") for value in editor.progress("t")]:
        editor.wait_notification("$/progress", num_before=len(editor.progress("t")))
    return msg_id


def test_offered_actions_of_an_instruct_model(start_editor):
    editor = start_editor()
    about_code = ["Simplify", "Explain"]
    of_a_function = [
        "Add type hints",
        "Write docstring",
        "Simplify",
        "Write tests for this function",
        "Explain",
    ]
    instructed = "# As a comprehension, please.\n" + LOOP.replace("    for", "for").replace("        out", "    out")
    for text, place, expected in [
        (CODE, "def area", of_a_function),
        (CODE, LOOP, about_code),
        (CODE, "out", ["Rewrite line: 3 alternatives"]),
        (
            instructed,
            instructed,
            ["Simplify", "Rewrite selection as: As a comprehension, please.", "Explain"],
        ),
        ("def area(rs:\n    return rs\n", "def area", ["Fix syntax error here"]),
    ]:
        editor.open_text(text)
        assert [each["title"] for each in editor.actions(place)] == expected
    editor.open_text(CODE)
    assert [each["title"] for each in editor.actions("def area", only=["source"])] == [of_a_function[3]]
    assert editor.actions("def area", only=["source"], triggerKind=1), "opened by the user: prompts may be computed"
    editor.open_text(CODE, "file:///project/test_shapes.py")
    assert of_a_function[3] not in [each["title"] for each in editor.actions("def area")]


def test_simplify_makes_the_smallest_edit(start_editor):
    editor = start_editor("Sure! Here is the simplified code:", f"```python\n{SHORT}\n```\nIt is shorter.")
    editor.open_text(CODE)
    result = editor.run(action(editor, "Simplify", LOOP), workDoneToken="mine")
    assert result["applied"], result
    assert editor.text == SHORTER
    assert "names that other code uses are kept (2 answers)" in editor.messages()[-1]
    (change,) = editor.edits[0]["documentChanges"]
    assert "return" not in change["edits"][0]["newText"]
    told = [value.get("message") for value in editor.progress("mine")]
    assert "answer 2 of 3" in told and editor.progress("mine")[-1]["kind"] == "end"


def test_free_text_is_never_written_into_code(start_editor):
    editor = start_editor("Sure", "I would use a comprehension.", "<think>\nHm.")
    editor.open_text(CODE)
    result = editor.run(action(editor, "Simplify", LOOP))
    assert result["applied"] is False and "passes the checks" in result["message"]
    assert editor.text == CODE and editor.edits == []


def test_instruction_of_the_command_is_followed(start_editor):
    editor = start_editor(SHORT)
    editor.open_text(CODE)
    simplify = action(editor, "Simplify", LOOP)
    (arguments,) = simplify["command"]["arguments"]
    arguments |= {"action": "rewrite_selection", "instruction": "Use a comprehension."}
    assert editor.run(simplify)["applied"] and editor.text == SHORTER
    assert editor.messages()[-1].startswith("Sotto: Rewrite selection as: Use a comprehension.: done")
    del arguments["instruction"]
    arguments["version"] = editor.version
    assert "nothing here" in editor.run(simplify)["message"]


def test_refused_command_that_the_model_cannot_do(start_editor):
    with ActionEditor.start([sys.executable, "-m", "sotto_lsp", "serve"]) as editor:
        editor.begin()
        editor.open_text(CODE)
        where = {"uri": editor.uri, "range": editor.range_of(LOOP)}
        command = {"command": "sotto.action", "arguments": [{"action": "simplify", **where}]}
        result = editor.run({"command": command})
    assert result == {
        "applied": False,
        "message": "The loaded model cannot do this; load one that was tuned for it.",
    }


@pytest.mark.parametrize("where", ["above", "inside"])
def test_typing_while_the_model_answers_moves_or_ends_it(start_editor, tmp_path, where):
    editor = start_editor(None, SHORT, SHORT, SHORT)
    editor.open_text(CODE)
    msg_id = begun(editor, action(editor, "Simplify", LOOP))
    editor.type("# new\n", 0 if where == "above" else CODE.index("        out.append"))
    changed = editor.text
    editor.metrics()  # answered once the change is read
    (tmp_path / "go").touch()
    result = editor.wait(msg_id, timeout=60)["result"]
    if where == "above":
        assert result["applied"] and editor.text == "# new\n" + SHORTER
    else:
        assert "changed meanwhile" in result["message"] and editor.text == changed


def test_cancel_leaves_the_document_alone_and_the_model_free(start_editor):
    editor = start_editor(None, "It is a loop.")
    editor.open_text(CODE)
    msg_id = begun(editor, action(editor, "Simplify", LOOP))
    editor.cancel(msg_id)
    assert editor.wait(msg_id, timeout=60)["error"]["code"] == CANCELLED
    assert editor.edits == [] and editor.text == CODE
    assert editor.run(action(editor, "Explain", LOOP))["message"] == "It is a loop."


def test_tests_go_into_a_new_file_the_client_creates(start_editor, tmp_path):
    editor = start_editor(TESTS + "\n```\nRun them with pytest.", capabilities=CREATES)
    editor.open_text(CODE)
    result = editor.run(action(editor, "Write tests for this function", "def area"))
    assert result["applied"] is False and "math is defined nowhere" in result["message"], result
    editor = start_editor(TESTS.replace("math.pi", "3.14"), capabilities=CREATES)
    editor.open_text(CODE)
    result = editor.run(action(editor, "Write tests for this function", "def area"))
    assert result["applied"], result
    ((uri, text),) = editor.files.items()
    assert uri == (tmp_path / "test_shapes.py").as_uri(), "beside it: the client has opened no folder"
    expected = f"from shapes import area\n\n\ndef test_area{TESTS}\n".replace("math.pi", "3.14")
    assert text == expected and editor.text == CODE
    assert "test_shapes.py; checked that" in editor.messages()[-1] and "not run" in editor.messages()[-1]
    assert editor.edits[0]["documentChanges"][0] == {"kind": "create", "uri": uri}


def test_missing_test_file_is_named_to_a_client_that_creates_none(start_editor, tmp_path):
    editor = start_editor(TESTS.replace("math.pi", "3.14"))
    editor.open_text(CODE)
    result = editor.run(action(editor, "Write tests for this function", "def area"))
    assert result["message"] == "The editor cannot create files; create test_shapes.py and run the action again."
    existing = "import math\n\n\ndef test_pi():\n    assert math.pi > 3\n"
    (tmp_path / "test_shapes.py").write_text(existing)
    uri = (tmp_path / "test_shapes.py").as_uri()
    editor.files[uri] = existing
    assert editor.run(action(editor, "Write tests for this function", "def area"))["applied"]
    assert editor.files[uri].startswith("import math\nfrom shapes import area\n\n\ndef test_pi():")
    assert editor.files[uri].endswith("def test_area_of_one():\n    assert area([1]) == [3.14]\n")


def test_tests_go_into_the_open_document_as_it_is(start_editor, tmp_path):
    editor = start_editor(TESTS.replace("math.pi", "3.14"))
    uri = (tmp_path / "test_shapes.py").as_uri()
    editor.open(uri, "from shapes import area\n\nx = 1\n")  # not saved: the disk has no such file
    editor.open_text(CODE)
    editor.answers["workspace/applyEdit"] = lambda params: editor.edits.append(params["edit"]) or {"applied": True}
    assert editor.run(action(editor, "Write tests for this function", "def area"))["applied"]
    (change,) = editor.edits[0]["documentChanges"]
    assert change["textDocument"] == {"uri": uri, "version": 1}
    (edit,) = change["edits"]
    assert edit["range"]["start"] == {"line": 2, "character": 5} and "import" not in edit["newText"]


def test_explanation_is_shown_and_no_document_is_changed(start_editor):
    editor = start_editor("<think>\nA loop.\n</think>\n\nIt gives the circumference, halved.")
    editor.open_text(CODE)
    result = editor.run(action(editor, "Explain", "def area"))
    assert result == {"applied": False, "message": "It gives the circumference, halved."}
    assert editor.messages()[-1] == "Sotto: Explain: It gives the circumference, halved."
    assert editor.edits == [] and editor.text == CODE


def test_long_explanation_is_shown_next_to_the_code(start_editor):
    long = "It multiplies.\n\nEach of them, that is. " + "There is more to say. " * 10
    capabilities = copy.deepcopy(CAPABILITIES)
    capabilities["window"]["showDocument"] = {"support": True}
    editor = start_editor(long, long, "It adds.", capabilities=capabilities)
    shown = []
    editor.answers["window/showDocument"] = lambda params: shown.append(params) or {"success": True}
    editor.open_text(CODE)
    assert editor.run(action(editor, "Explain", LOOP))["message"] == long.strip()
    path = Path(unquote(urlsplit(shown[0]["uri"]).path))
    assert path.read_text() == f"# Explain\n\n{long.strip()}\n" and path.parent.stat().st_mode & 0o077 == 0
    assert shown[0]["takeFocus"] is False and editor.messages()[-1] == "Sotto: Explain: see explanation-1.md."
    editor.answers["window/showDocument"] = {"success": False}
    editor.run(action(editor, "Explain", LOOP))
    assert editor.messages()[-1] == "Sotto: Explain: " + long.strip()
    editor.run(action(editor, "Explain", LOOP))
    assert editor.messages()[-1] == "Sotto: Explain: It adds." and len(shown) == 1, "short enough for a message"
    assert editor.end() == 0
    assert not path.parent.exists(), "gone with the session"


def test_resolve_offers_edits_and_no_explanations(start_editor):
    capabilities = copy.deepcopy(CAPABILITIES)
    capabilities["workspace"]["applyEdit"] = False
    taken = {"dataSupport": True, "resolveSupport": {"properties": ["edit"]}}
    capabilities["textDocument"]["codeAction"] |= taken
    editor = start_editor(SHORT, capabilities=capabilities)
    editor.open_text(CODE)
    (simplify,) = editor.actions(LOOP)
    resolved = editor.result("codeAction/resolve", simplify, timeout=60)
    assert resolved["title"] == "Simplify" and "edit" in resolved
