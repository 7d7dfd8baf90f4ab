"""The unit of a file's indentation, and texts in another unit."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sotto_lsp.documents.indentation import (
    FOUR_SPACES,
    Indentation,
    Indentations,
    detect_indentation,
    fit_block_indentation,
    missing_indentation,
    respell,
)
from sotto_lsp.documents.snapshot import DocumentSnapshot

TAB, TWO, EIGHT = Indentation("\t"), Indentation("  "), Indentation(" " * 8)
UNITS = [TAB, TWO, Indentation("   "), FOUR_SPACES, EIGHT]

CODE = '''"""A module.

    An example that is indented by four.
"""

import os

TABLE = {
>"a": [1,
>      2],
}


class Stack:
>def push(self, item,
>         at_end=True):
>>"""Add an item.

>>Args:
>>    item: aligned by four
>>"""
>>if item: # note:
>>>self.items.append(item)
>>return (item and
>>        at_end)
'''


def spelled(unit, code=CODE):
    return code.replace(">", unit.unit)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_detect_finds_the_unit_with_any_line_end(unit, line_end):
    assert detect_indentation(spelled(unit).replace("\n", line_end)) == unit


@pytest.mark.parametrize("unit", UNITS)
def test_detect_reads_braces_as_well(unit):
    code = "int main() { // begins\n>if (x) {\n>>return f(1,\n>>         2);\n>}\n}\n"
    assert detect_indentation(spelled(unit, code)) == unit


@pytest.mark.parametrize(
    "code", ["", "x = 1\ny = 2\n", "if x:", "if x:\n", "if x:\n    ", "\n\n", "a\n" + " " * 20 + "b"]
)
def test_detect_finds_nothing_where_no_step_shows(code):
    assert detect_indentation(code) is None


def test_detect_takes_little_time_in_large_documents():
    texts = [spelled(TWO) * 400, "x\n" * 500_000, "x" * 1_000_000, (" " * 39_990 + "x:\n") * 3, "  # //" * 100_000]
    for text in texts:
        started = time.perf_counter()
        detect_indentation(text)
        assert time.perf_counter() - started < 0.1


def test_unit_stays_while_a_document_is_typed():
    indentations, units = Indentations(), set()
    code = spelled(TAB)
    for end in range(code.index("push("), len(code)):
        text = code[:end] + "\n    four_by_mistake()" * (end % 7)
        units.add(indentations.of(DocumentSnapshot.of(text)).unit)
    assert units == {"\t"}


def test_unit_is_read_again_when_the_document_has_become_another():
    indentations = Indentations()
    assert indentations.of(DocumentSnapshot.of(spelled(TAB))) == TAB
    assert indentations.of(DocumentSnapshot.of(spelled(TWO))) == TAB  # so few lines may be in the middle of an edit
    assert indentations.of(DocumentSnapshot.of(spelled(TWO) * 3)) == TWO
    assert indentations.of(DocumentSnapshot.of("")) == TWO


def test_unit_is_known_as_soon_as_the_first_step_is_typed():
    indentations = Indentations()
    units = [indentations.of(DocumentSnapshot.of(text)).unit for text in ("if x:", "if x:\n\t", "if x:\n\ty")]
    assert units == ["    ", "    ", "\t"]


def test_unit_comes_from_editorconfig_then_from_the_language(tmp_path):
    (tmp_path / ".editorconfig").write_text("root = true\n[*.py]\nindent_style = tab\n")
    snapshots = [DocumentSnapshot.of("", uri=(tmp_path / name).as_uri()) for name in ("a.py", "b.js")]
    assert [Indentations().of(snapshot, "  ") for snapshot in snapshots] == [TAB, TWO]


def test_unit_is_forgotten_with_its_document():
    indentations = Indentations()
    indentations.of(DocumentSnapshot.of(spelled(TAB)))
    indentations.forget("untitled:snapshot")
    assert indentations.of(DocumentSnapshot.of("")) == FOUR_SPACES


lines = st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["", "x = 1", "if a:", "\tb", "é  "])), max_size=12)


@given(lines, st.sampled_from(UNITS), st.sampled_from(UNITS), st.booleans())
def test_respell_and_back_is_the_text(steps, old, new, starts_line):
    text = "\n".join(old.unit * num + line.lstrip() for num, line in steps)
    there = respell(text, old, new, starts_line=starts_line)
    assert respell(there, new, old, starts_line=starts_line) == text
    assert there.count("\n") == text.count("\n")


@given(st.text(alphabet=" \t\nx", max_size=60), st.sampled_from(UNITS), st.sampled_from(UNITS))
def test_respell_of_any_text_changes_leading_white_space_alone(text, old, new):
    there = respell(text, old, new, starts_line=True)
    assert [line.lstrip(" \t") for line in there.split("\n")] == [line.lstrip(" \t") for line in text.split("\n")]


@given(st.text(alphabet=" \t\nx", max_size=60), st.text(alphabet=" \t\nx", max_size=9), st.sampled_from(UNITS))
def test_respell_of_the_lines_above_does_not_change_as_more_is_typed(text, more, old):
    above = text + "\n"
    longer = respell(above + more, old, FOUR_SPACES, starts_line=True)
    assert longer.startswith(respell(above, old, FOUR_SPACES, starts_line=True))


def test_respell_keeps_alignment_after_whole_steps():
    assert respell("\t\t  b", TAB, FOUR_SPACES, starts_line=True) == " " * 10 + "b"
    assert respell("     b", TWO, FOUR_SPACES, starts_line=True) == " " * 9 + "b"
    assert respell(" " * 10 + "b", FOUR_SPACES, TAB, starts_line=True) == "\t\t  b"


def test_respell_takes_the_line_of_the_cursor_along():
    assert respell("if x:\n\t", TAB, FOUR_SPACES, starts_line=True) == "if x:\n    "


def test_respell_leaves_the_rest_of_a_begun_line():
    assert respell("\tx\n\ty", TAB, TWO, starts_line=False) == "\tx\n  y"
    assert respell("\tx", TAB, TWO, starts_line=False) == "\tx"


@pytest.mark.parametrize(
    ("prefix", "missing"),
    [
        ("with open(p) as f:\n", ">"),
        (">for x in y:\n>", ">"),
        (">for x in y:\n", ">>"),
        ("if a:  # why:\n", ">"),
        ("if a // 2:\n", ">"),
        ("if x:\n\n\n", ">"),
        ("def f():\n# comment\n", ">"),
        ("def f(a,\n      b):\n", ">"),
        (">def f(\n>>a,\n>) -> int:\n", ">>"),
        ("int main() {\n", ">"),
        ("> } else { // aligned\n", ""),
        (">}\n>else {\n>", ">"),
        ("f(\n", ">"),
        ("x = [\n", ">"),
        ("if x:\n>", ""),
        ("if x:\n ", ""),
        ("if x:\n>>", ""),
        ("if x:\n>y", ""),
        ("if x:\n>y\n", ""),
        ("if x: pass\n", ""),
        ("x = 1\n# note:\n", ""),
        ("x = 1  # note:\n", ""),
        ("if x:", ""),
        ("", ""),
        ("\n\n", ""),
    ],
)
@pytest.mark.parametrize("unit", [TAB, TWO, FOUR_SPACES])
def test_missing_indentation_is_one_step_into_the_block(prefix, missing, unit):
    assert missing_indentation(spelled(unit, prefix), unit) == spelled(unit, missing)


@pytest.mark.parametrize("unit", [TAB, TWO, FOUR_SPACES])
@pytest.mark.parametrize(
    ("prefix", "answer", "fitted"),
    [
        ("def f():", "\n>return 1", "\n>return 1"),
        ("def f():", "\n>>return 1", "\n>return 1"),
        ("def f():", "\nreturn 1", "\n>return 1"),
        (">if x", ":\n>>>y()\n>>>if z:\n>>>>w()", ":\n>>y()\n>>if z:\n>>>w()"),
        (">if x:", "\n>y()\nelse:\n>z()", "\n>>y()\n>else:\n>>z()"),
        ("if x:", "\n>>y()\n>else:\n>>z()", "\n>y()\nelse:\n>z()"),
        ("if x:  # so:", "\n>>y()", "\n>y()"),
        ("if x:", "\n\n>>y()\n\n>>z()", "\n\n>y()\n\n>z()"),
        ("def f(a,\n      b):", "\n>return a", "\n>return a"),
        ("      b):", "\n>return a", "\n>return a"),
        ("while (x) {", "\n>>y();\n>}", "\n>y();\n}"),
        ("f(a,", "\n  b)", "\n  b)"),
        ("x = 1", "\n>>y = 2", "\n>>y = 2"),
        ("if x:", " return", " return"),
        ("if x:", "\n", "\n"),
        ("x = 1  # so:", "\ny = 2", "\ny = 2"),
    ],
)
def test_fit_block_moves_the_lines_after_an_opener_one_step_in(unit, prefix, answer, fitted):
    assert fit_block_indentation(spelled(unit, answer), spelled(unit, prefix), unit) == spelled(unit, fitted)


def test_fit_block_leaves_labels_that_stand_beside_the_steps():
    assert fit_block_indentation("\n  int x;", "class A {\n public:", TWO) == "\n  int x;"
