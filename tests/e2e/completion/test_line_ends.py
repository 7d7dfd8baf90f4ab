"""Indentation and line ends of any kind on the real server: what is accepted belongs to the file."""

import ast

import pytest

from e2e.raw_client import EVERYTHING

CODE = """class Point:
{u}def __init__(self, x, y):
{u}{u}self.x = x
{u}{u}self.y = y

{u}def norm(self):
{u}{u}total = 0
{u}{u}for value in (self.x, self.y):│
{u}{u}return total

{u}def __repr__(self):│
"""
ENDS = ["\n", "\r\n", "\r"]
UNITS = ["\t", "  ", "    "]


@pytest.fixture(scope="module")
def editor(start_server_of_module):
    editor = start_server_of_module()
    editor.initialize(initializationOptions=EVERYTHING | {"lookAhead": "off"})
    return editor


def ask(editor, text, offset, line_end):
    """What is shown at an offset of a text with newlines, once the document has other line ends."""
    line, column = text[:offset].count("\n"), offset - (text.rfind("\n", 0, offset) + 1)
    editor.open_text(text.replace("\n", line_end))
    params = {"textDocument": {"uri": editor.uri}, "position": {"line": line, "character": column}}
    result = editor.result("textDocument/inlineCompletion", params | {"context": {"triggerKind": 1}}, timeout=30)
    (item,) = result["items"]
    place = {"line": line, "character": column}
    assert item["range"] == {"start": place, "end": place}
    return item["insertText"]


def places(unit):
    """Texts with one cursor each, by their openers."""
    drawn = CODE.replace("{u}", unit)
    first, second, third = drawn.split("│")
    return [(first + second + third, len(first)), (first + second + third, len(first + second))]


@pytest.mark.parametrize("line_end", ENDS)
@pytest.mark.parametrize("unit", UNITS)
def test_indentation_and_line_ends_are_the_files_own(editor, unit, line_end):
    for text, offset in places(unit):
        shown = ask(editor, text, offset, line_end)
        lines = shown.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert line_end.join(lines) == shown
        opener = text[text.rfind("\n", 0, offset) + 1 : offset]
        wanted = opener[: len(opener) - len(opener.lstrip())] + unit
        assert lines[0] == "" and lines[1].startswith(wanted) and not lines[1][len(wanted)].isspace()
        assert all(not line.replace(unit, "").startswith((" ", "\t")) for line in lines)


@pytest.mark.parametrize("line_end", ENDS)
def test_line_ends_do_not_change_what_is_said(editor, line_end):
    for text, offset in places("    "):
        assert ask(editor, text, offset, line_end).replace(line_end, "\n") == ask(editor, text, offset, "\n")


@pytest.mark.parametrize("unit", UNITS)
def test_indentation_does_not_change_what_is_said(editor, unit):
    for (text, offset), (plain, plain_offset) in zip(places(unit), places("    "), strict=True):
        assert ask(editor, text, offset, "\n").replace(unit, "    ") == ask(editor, plain, plain_offset, "\n")


@pytest.mark.parametrize("unit", UNITS)
def test_accepted_block_parses(editor, unit):
    (text, offset) = places(unit)[1]
    text = text.replace("):\n" + unit * 2 + "return", "):\n" + unit * 3 + "pass\n" + unit * 2 + "return")
    offset = len(text) - 1
    ast.parse(text[:offset] + ask(editor, text, offset, "\n") + text[offset:])


def test_line_end_is_that_of_the_line_above(editor):
    (text, offset) = places("    ")[1]
    mixed = text.replace("\n", "\r\n", 3)
    editor.open_text(mixed)
    line, column = text[:offset].count("\n"), offset - (text.rfind("\n", 0, offset) + 1)
    params = {"textDocument": {"uri": editor.uri}, "position": {"line": line, "character": column}}
    result = editor.result("textDocument/inlineCompletion", params | {"context": {"triggerKind": 1}}, timeout=30)
    assert "\r" not in result["items"][0]["insertText"]


@pytest.mark.parametrize("line_end", ENDS)
def test_entry_of_a_list_shows_its_first_line_alone(editor, line_end):
    text, offset = places("    ")[1]
    ask(editor, text, offset, line_end)
    line, column = text[:offset].count("\n"), offset - (text.rfind("\n", 0, offset) + 1)
    params = {"textDocument": {"uri": editor.uri}, "position": {"line": line, "character": column}}
    (item,) = editor.result("textDocument/completion", params, timeout=30)["items"]
    assert "\r" not in item["label"] and "\n" not in item["label"]
    assert line_end in item["textEdit"]["newText"]


@pytest.mark.parametrize("line_end", ENDS)
def test_typing_through_a_line_end_asks_no_model(editor, line_end):
    text, offset = places("    ")[1]
    shown = ask(editor, text, offset, line_end)
    before = editor.metrics()["num_from_last_suggestion"]
    line, column = text[:offset].count("\n"), offset - (text.rfind("\n", 0, offset) + 1)
    place = {"line": line, "character": column}
    typed = line_end + "        "
    editor.change(editor.uri, 2, {"range": {"start": place, "end": place}, "text": typed})
    params = {"textDocument": {"uri": editor.uri}, "position": {"line": line + 1, "character": 8}}
    result = editor.result("textDocument/inlineCompletion", params | {"context": {"triggerKind": 1}}, timeout=30)
    assert [each["insertText"] for each in result["items"]] == [shown.removeprefix(typed)]
    assert editor.metrics()["num_from_last_suggestion"] == before + 1
