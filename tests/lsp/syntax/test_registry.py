"""The languages by their ids, and what the protocol promises of each of them."""

import pytest

from lsp.scripted_model import marked
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.languages.registry import is_among, language_ids, syntax_of
from sotto_lsp.syntax.target import Target


def test_languages_are_found_by_any_of_their_ids():
    names = {syntax_of(each).name for each in language_ids()}
    assert names == {"C", "C++", "Go", "Java", "JavaScript", "Python", "Rust", "TypeScript"}
    assert is_among("typescriptreact", ["typescript"]) and is_among("python", ["python"])
    assert not is_among("rust", ["python"]) and not is_among("kotlin", ["java"])
    assert is_among("kotlin", ["kotlin"]), "a model may know languages that have no actions"


@pytest.mark.parametrize("language_id", ["kotlin", ""])
def test_unknown_language_finds_nothing(language_id):
    lines, place = marked("def f(▮x):\n    # TODO: all of it\n    pass\n", language_id=language_id)
    syntax = syntax_of(language_id)
    questions = (syntax.find_function, syntax.find_stub, syntax.find_unhinted, syntax.find_undocumented)
    assert [ask(lines, line) for ask in questions for line in range(3)] == [None] * 12
    assert not list(syntax.find_problems(lines)) and not syntax.is_statement(lines, 2)
    assert syntax.is_parsed(lines.snapshot) and syntax.explain_unparsed(lines.snapshot) is None
    target = Target.of_lines(lines, place.first_line, place.last_line, {})
    assert syntax.check(lines.snapshot.text, TextChange(0, 0, "x"), target) is not None


@pytest.mark.parametrize("language_id", language_ids())
def test_empty_document_has_no_problem_in_any_language(language_id):
    lines, _ = marked("▮", language_id=language_id, uri=f"file:///empty.{language_id}")
    syntax = syntax_of(language_id)
    assert syntax.explain_missing_parser() is None and not list(syntax.find_problems(lines))
    assert not any(syntax.count_open_brackets(lines, 0, 0).values())


@pytest.mark.parametrize(
    ("language_id", "text", "expected"),
    [
        ("python", "f(a, '(', [1  # {(\n", {"()": 1, "[]": 1, "{}": 0}),
        ("python", 'x = """(\n[""" + f(\n)]\n', {"()": 0, "[]": -1, "{}": 0}),
        ("python", "print('it\\'s (', {", {"()": 1, "[]": 0, "{}": 1}),
        ("typescript", "f(a, '(', [1 // {(\n", {"()": 1, "[]": 1, "{}": 0}),
    ],
)
def test_open_brackets_leave_out_strings_and_comments(language_id, text, expected):
    lines, _ = marked("▮" + text, language_id=language_id, uri=f"file:///open.{language_id}")
    counted = syntax_of(language_id).count_open_brackets(lines, 0, len(text))
    assert {kind: counted[kind] for kind in expected} == expected
