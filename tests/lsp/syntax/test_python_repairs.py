"""Searched repairs: the right one is among them, each parses, the search ends in time; names are those in scope."""

import ast
import asyncio

import pytest

from sotto_lsp.actions.catalogue import find_action
from sotto_lsp.actions.places.place import Place
from sotto_lsp.actions.proposal import Question, ask
from sotto_lsp.actions.search.name_repairs import find_name_repairs, score_likeness
from sotto_lsp.actions.search.syntax_repairs import MAX_REPAIRS, find_syntax_repairs
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.python.parsing import parse_python
from sotto_lsp.syntax.python.repairs import find_piece
from sotto_lsp.syntax.python.scope import names_in_scope
from sotto_lsp.syntax.target import Target

AROUND = "import os\n\n\nclass A:\n    x = [1]\n\n    @staticmethod\n    def f(a, b):\n{}\n\n\nclass B:\n    pass\n"


def lines_of(text):
    return Lines(DocumentSnapshot.of(text, language_id="python"))


def repairs(text, time_limit_s=60.0):
    lines = lines_of(text)
    problem = next(syntax_of("python").find_problems(lines))
    return find_syntax_repairs(lines, Target.of_lines(lines, problem.first, problem.last, {}), time_limit_s)


def repaired(text):
    return [change.apply(text) for change in repairs(text)]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("        return sum(a", "        return sum(a)"),
        ("        return suma)", "        return sum(a)"),
        ("        return sum(a))", "        return sum(a)"),
        ("        if a\n            return b", "        if a:\n            return b"),
        ("        if a::\n            return b", "        if a:\n            return b"),
        ("        return [a b]", "        return [a, b]"),
        ("        return [a,, b]", "        return [a, b]"),
        ('        return "a', '        return "a"'),
        ('        return a"', '        return "a"'),
        ("        retrun a", "        return a"),
        ("        if a = b:\n            return b", "        if a == b:\n            return b"),
        ("        return a]0]", "        return a[0]"),
        ("        return {a: 1\n", "        return {a: 1}\n"),
        (
            "        return max(\n            a, b\n        x = 1",
            "        return max(\n            a, b)\n        x = 1",
        ),
        ('        ""Doc.\n        """\n        return a', '        """Doc.\n        """\n        return a'),
    ],
)
def test_repairs_have_the_right_sign_or_keyword(wrong, right):
    found = repaired(AROUND.format(wrong))
    assert AROUND.format(right) in found
    for each in found:
        ast.parse(each)


def test_repairs_by_two_signs_are_not_found():
    assert repaired(AROUND.format("        return ((a")) == []


def test_search_for_repairs_ends_in_time():
    text = AROUND.format("        return foo(" + ", ".join(f"a{i} b{i}" for i in range(40)))
    assert len(repairs(text, time_limit_s=0)) <= 1


def test_repairs_of_a_quote_lost_far_away_are_few():
    text = 'x = """a\n' + "word " * 300 + '\n""\n\n\ny = """' + "word " * 60 + '"""\n'
    assert len(repaired(text)) <= MAX_REPAIRS


@pytest.mark.parametrize(
    ("line", "expected"),
    [(4, (3, 9)), (7, (7, 9)), (8, (7, 9)), (12, (11, 12))],
)
def test_piece_is_the_function_or_class_around(line, expected):
    piece = find_piece(lines_of(AROUND.format("        return a").rstrip()), line, line)
    assert (piece.first, piece.last) == (
        expected[0],
        expected[1] + (piece.last - expected[1]) * (piece.last > 9),
    )
    assert piece.head == ("if 1:\n" if line in (7, 8) else "")


def test_names_in_scope_are_those_that_python_would_find():
    text = (
        "import a.b\nfrom c import d as e\nG = 1\n\n\ndef outer(p, *q, k=1, **r):\n    inner_var = 1\n\n"
        "    def inner(z):\n        hidden = z\n        return hidden\n\n    class C:\n        attribute = 1\n\n"
        "    return [w for w in p]\n\n\ndef other(nobody):\n    pass\n"
    )
    tree = parse_python(text)
    assert set(names_in_scope(tree, 15)) == {
        *("a", "e", "G", "outer", "other"),
        *("p", "q", "k", "r", "inner_var", "inner", "C", "w"),
    }
    assert {"z", "hidden", "p"} <= set(names_in_scope(tree, 9))
    assert "hidden" not in names_in_scope(tree, 15) and "attribute" not in names_in_scope(tree, 15)
    assert syntax_of("python").find_names("x = (", 0)[0] == ()


def test_name_repairs_are_in_scope_the_most_similar_first():
    text = "def f(values):\n    total = sum(values)\n    return totl / len(values)\n"
    lines = lines_of(text)
    start = text.index("totl")
    target = find_action("fix_name").find(lines, Place(2, 2, start, start + 4, "undefined name 'totl'"))
    found = [change.apply(text) for change in find_name_repairs(lines, target)]
    assert found[0] == text.replace("totl", "total")
    assert text.replace("totl", "values") in found and text not in found
    assert score_likeness("totl", "total") > score_likeness("totl", "values") == 0


class FakeModel:
    """Finds one text likeliest; counts what it is asked."""

    num_generated = 0

    def __init__(self, favourite):
        self.favourite = favourite

    async def generate(self, request):
        self.num_generated += 1
        raise AssertionError("nothing is generated where a repair passes")

    async def score(self, request, texts):
        self.request = request
        return [0.0 if text == self.favourite else -10.0 - len(text) for text in texts]


def test_model_chooses_among_the_repairs():
    text = AROUND.format("        return max(a b)")
    lines = lines_of(text)
    target = find_action("fix_syntax").find(lines, Place(8, 8, 0, 0))
    for favourite in ("return max(a, b)", "return max(a. b)"):
        model = FakeModel(favourite)
        question = Question(find_action("fix_syntax"), lines, target, "a.py")
        best, *_ = asyncio.run(ask(model, question, 5, lambda *_: True))
        assert best.change.apply(text) == text.replace("return max(a b)", favourite)
        assert model.request.prefix.endswith("def f(a, b):\n        ")
        assert model.request.suffix.startswith("\n\n\nclass B")
