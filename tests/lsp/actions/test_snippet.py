"""Snippets say what was meant to whoever reads them by LSP's grammar, whatever signs the code has."""

import re

import pytest

from sotto_lsp.actions.snippet import is_line_of_code, spell_choice, spell_line

LINES = ["x = 1", "f(a, b)", r'say("\\d{2} $0 ${1:x} C:\\")', "d = {k: v | w}", "a\\", "|,|", "$1}"]


@pytest.mark.parametrize("line", LINES)
def test_snippet_of_a_line_reads_back_as_the_line(line):
    written = spell_line(line)
    assert written.endswith("$0") and not re.search(r"(?<!\\)(\\\\)*[$}]", written[:-2])
    assert re.sub(r"\\([\\$}])", r"\1", written[:-2]) == line


def test_snippet_of_choices_reads_back_as_the_lines():
    inside = spell_choice(LINES).removeprefix("${1|").removesuffix("|}$0")
    parts = re.findall(r"(?:\\[\\,|]|[^\\,|])+", inside)
    assert [re.sub(r"\\([\\,|])", r"\1", each) for each in parts] == LINES
    assert re.sub(r"(?:\\[\\,|]|[^\\,|])+", "", inside) == "," * (len(LINES) - 1)


@pytest.mark.parametrize(
    ("text", "right"),
    [("x = 1", True), ("", False), (" x", False), ("x\n", False), ("x\r\ny", False), ("x\ty", True)],
)
def test_one_line_of_code(text, right):
    assert is_line_of_code(text) is right
