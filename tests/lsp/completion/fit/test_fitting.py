"""From the model's answer to an edit that leaves the file whole."""

import ast
from dataclasses import replace

import pytest

from sotto_engine.request import Completion, FinishReason, Timings
from sotto_lsp.completion.fit.closers import fit_closers
from sotto_lsp.completion.fit.fitting import fit
from sotto_lsp.completion.fit.place import Spelling, read_place
from sotto_lsp.documents.indentation import Indentation
from sotto_lsp.syntax.protocol import CursorContext, Literal

CODE, STRING = Literal.CODE, Literal.STRING
FOUR, TWO, TAB = Indentation("    "), Indentation("  "), Indentation("\t")


def completion(text, reason=FinishReason.STOP_ID):
    return Completion(text, (), (), reason, 0, 0, Timings())


def fitted(drawn, text, *, may_replace=True, max_lines=0, file=FOUR, language_id="python"):
    """The suggestion, and the document once it is accepted."""
    before, after = drawn.split("│")
    spelling = Spelling(file, FOUR)
    place = read_place(before + after, len(before), "a.py", language_id, spelling=spelling)
    place = replace(place, may_replace=may_replace)
    suggestion = fit(completion(text), place, max_lines)
    return suggestion, before + suggestion.text + after[suggestion.num_replaced :]


@pytest.mark.parametrize(
    ("drawn", "text", "shown", "num_replaced"),
    [
        ("class L:\n    def is_closed(│)\n        return self.closed\n", "self):", "self):", 1),
        ("class L:\n    def is_closed(│):\n        return self.closed\n", "self):", "self", 0),
        ("for x in range(│)\n    print(x)\n", "len(y)):", "len(y)):", 1),
        ("if isinstance(x, (│))\n    print(x)\n", "int, str)):", "int, str)):", 2),
        ("x = f(│)\n", "a, b)", "a, b", 0),
        ("x = f(│, 2)\n", "a", "a", 0),
        ("x = {'a': [│]}\n", "1, 2]}", "1, 2", 0),
        ('x = "│"\n', 'name"', "name", 0),
        ('print("│")\n', 'name", x)', 'name", x)', 2),
        ("with open(│)\n    pass\n", "path) as file:", "path) as file:", 1),
    ],
)
def test_closers_of_the_editor_are_used_and_the_file_parses(drawn, text, shown, num_replaced):
    suggestion, after = fitted(drawn, text)
    assert (suggestion.text, suggestion.num_replaced) == (shown, num_replaced)
    ast.parse(after)


@pytest.mark.parametrize(
    ("drawn", "text", "shown"),
    [
        ("class L:\n    def is_closed(│)\n        return self.closed\n", "self):", "self"),
        ("for x in range(│)\n    print(x)\n", "len(y)):", "len(y)"),
        ("with open(│)\n    pass\n", "path) as file:", "path"),
    ],
)
def test_closers_end_the_text_where_no_client_draws_it_over_them(drawn, text, shown):
    suggestion, _ = fitted(drawn, text, may_replace=False)
    assert (suggestion.text, suggestion.num_replaced) == (shown, 0)
    assert "closed-already" in suggestion.reasons


@pytest.mark.parametrize(
    ("drawn", "text"),
    [
        ("future.│set_result(coro)\n", "set_exception(exc)"),
        ("def data_received(│self, data):\n    pass\n", "self):"),
        ('def f():\n    """Return True if the future is done.│\n\n    More.\n    """\n', '"""'),
        ("if a:\n    b()\n│\nelse:\n    c()\n", "d()"),
        ("x = 1│\ny = 2\n", ")"),
    ],
)
def test_text_that_breaks_the_file_is_not_shown(drawn, text):
    suggestion, after = fitted(drawn, text)
    ast.parse(after)
    assert suggestion.text == "" and suggestion.reasons


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The area.", 'The area."""'),
        ('The area."""', 'The area."""'),
        ("\n    The area.", '\n    The area.\n    """'),
    ],
)
def test_docstring_that_ends_nowhere_is_closed(text, shown):
    rest = 'def perimeter(w, h):\n    """The perimeter."""\n    return 2 * (w + h)\n'
    suggestion, after = fitted(f'def area(w, h):\n    """│\n    return w * h\n\n\n{rest}', text)
    assert suggestion.text == shown
    ast.parse(after)


@pytest.mark.parametrize(
    ("drawn", "text", "shown"),
    [
        ("def f():\n    │\n\n\ny = 1\n", '"""Get it.', '"""Get it."""'),
        ("def f():│\n\n\ny = 1\n", '\n    """Get it.', '\n    """Get it."""'),
        ("def f():│\n\n\ny = 1\n", '\n    """Get it.\n    More.', '\n    """Get it.\n    More.\n    """'),
    ],
)
def test_docstring_that_the_text_begins_is_closed(drawn, text, shown):
    suggestion, after = fitted(drawn, text)
    assert suggestion.text == shown
    ast.parse(after)


def test_longest_beginning_that_keeps_the_code_whole_is_shown():
    suggestion, after = fitted("def f(x):│\n\n\ny = 1\n", "\n    a = 1\n    b = a)\n    c = 2")
    assert suggestion.text == "\n    a = 1"
    assert "breaks-syntax" in suggestion.reasons
    ast.parse(after)


@pytest.mark.parametrize("indentation", [TWO, TAB, FOUR, Indentation("   ")])
def test_answer_has_the_files_indentation(indentation):
    unit = indentation.unit
    drawn = f"class A:\n{unit}def f(self, x):\n{unit * 2}if x:│\n\n\ny = 1\n"
    suggestion, after = fitted(drawn, "\n            for a in x:\n                b(a)", file=indentation)
    assert suggestion.text == f"\n{unit * 3}for a in x:\n{unit * 4}b(a)"
    ast.parse(after)


@pytest.mark.parametrize("indentation", [TWO, TAB, FOUR])
def test_missing_indentation_comes_with_the_text(indentation):
    unit = indentation.unit
    suggestion, after = fitted(f"def f(p):\n{unit}with open(p) as f:\n{unit}│\n", "return f.read()", file=indentation)
    assert suggestion.text == f"{unit}return f.read()"
    ast.parse(after)


@pytest.mark.parametrize(("most", "lines"), [(0, 3), (1, 1), (2, 2)])
def test_most_lines_of_a_suggestion(most, lines):
    text = "\n    a = 1\n    b = 2\n    c = 3"
    suggestion, _ = fitted("def f():│\n", text, max_lines=most)
    assert suggestion.text == "\n".join(text.split("\n")[: lines + 1])
    assert ("most-lines" in suggestion.reasons) == bool(most)


def test_complete_statement_is_followed_by_a_line_end_or_nothing():
    drawn = "import os\nprint(os.getcwd())│\n"
    assert fitted(drawn, "def f(a, a):")[0].text == ""
    assert fitted(drawn, ".strip()")[0].reasons == ("complete-statement",)
    assert fitted(drawn, "\nos.chdir(x)")[0].text == "\nos.chdir(x)"


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_line_ends_are_those_of_the_document(line_end):
    drawn = "def f():│\ny = 1\n".replace("\n", line_end)
    suggestion, _ = fitted(drawn, "\n    a = 1\n    b = 2")
    assert suggestion.text == f"{line_end}    a = 1{line_end}    b = 2"


@pytest.mark.parametrize(
    ("reason", "code"),
    [(FinishReason.UNSURE, "unsure"), (FinishReason.STOP_ID, "empty"), (FinishReason.LINE, "empty")],
)
def test_answer_of_nothing_has_its_reason(reason, code):
    place = read_place("x = ", 4, "a.py", "python")
    assert fit(completion("", reason), place).reasons == (code,)


@pytest.mark.parametrize(
    ("closers", "literal", "suffix", "text", "cut", "replacing"),
    [
        (")", CODE, ")", "self):", "self", ("self):", 1)),
        (")", CODE, ")", "self)", "self", ("self", 0)),
        (")", CODE, "):", "self) -> int:", "self", ("self) -> int:", 2)),
        ("))", CODE, "))", "a)) + 1", "a", ("a)) + 1", 2)),
        ("))", CODE, "))", "a) + b", "a", ("a) + b)", 2)),
        (")", CODE, " )", "a):", "a", ("a):", 2)),
        ("])", CODE, "])", "f(a)[0], b]:", "f(a)[0], b", ("f(a)[0], b]:)", 2)),
        ('"', STRING, '"', 'abc"', "abc", ("abc", 0)),
        ('")', STRING, '")', 'abc", end="")', 'abc", end="', ('abc", end="', 0)),
        ('"', STRING, '"', 'abc", end', "abc", ('abc", end', 1)),
        ('"""', Literal.DOCSTRING, '"""', 'Say "no".""" ', 'Say "no".', ('Say "no".', 0)),
    ],
)
def test_closer_that_is_there_is_not_written_twice(closers, literal, suffix, text, cut, replacing):
    cursor = CursorContext(literal, closers)
    replaced = fit_closers(text, cursor, suffix, may_replace=True)
    assert (replaced.text.rstrip(), replaced.num_replaced) == replacing
    shortened = fit_closers(text, cursor, suffix, may_replace=False)
    assert shortened.num_replaced == 0
    assert shortened.text == cut


@pytest.mark.parametrize(
    ("closers", "suffix", "text"),
    [
        (")", "", "self):"),  # the editor writes no closers
        (")", ")", "f(a)"),  # both are needed
        ("", "", "print(')')"),
        (")", ")", "')', x"),  # in a string
        (")", ")", "[x for x in y]"),
        (")", "  # why", "a)"),
    ],
)
def test_closer_that_is_needed_stays(closers, suffix, text):
    fitted = fit_closers(text, CursorContext(CODE, closers), suffix, may_replace=True)
    assert (fitted.text, fitted.num_replaced, fitted.reasons) == (text, 0, ())
