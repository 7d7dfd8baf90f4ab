"""Type hints and docstrings: nothing else changes, the types exist, a docstring is one closed line."""

import pytest

from sotto_engine.request import Completion, EditRequest, FinishReason, Timings
from sotto_lsp.actions.instruct.edit_answer import read_edit
from sotto_lsp.syntax.python.additions import check_addition
from sotto_lsp.syntax.target import Addition

BEFORE = "from x import Graph\n\n\nclass Node:\n    def f(self, a, b: int = 1):\n        return a\n\n\nlower = 1\n"
HEAD = "def f(self, a, b: int = 1):"


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("def f(self, a: Graph, b: int = 1) -> Node | None:", None),
        ("def f(self, a: list[str], b: int = 1):", None),
        ("def f(self, a: Unknown, b: int = 1):", "Unknown is no type"),
        ("def f(self, a: lower, b: int = 1):", "lower is no type"),
        ("def f(self, a: print, b: int = 1):", "print is no type"),
        ("def f(self, a: 'Graph', b: int = 1):", "is no type"),
        ("def f(self, a: 3, b: int = 1):", "is no type"),
        ("def f(self, a: int, b: str = 1):", "would change"),
        ("def f(self, a: int, b = 1):", "would change"),
        ("def f(self, a: int, b: int = 2):", "more than type hints"),
        ("def f(self, a: int, c: int = 1):", "more than type hints"),
        ("def f(self, a: int):", "more than type hints"),
        ("def g(self, a: int, b: int = 1):", "more than type hints"),
        ("async def f(self, a: int, b: int = 1):", "more than type hints"),
        ("def f(self, a,  b: int = 1):", "adds no type hint"),
    ],
)
def test_hints_of_known_types_alone_may_be_added(head, why):
    verdict = check_addition(Addition.HINTS, BEFORE, BEFORE.replace(HEAD, head))
    assert verdict is None if why is None else why in verdict


@pytest.mark.parametrize(
    ("body", "is_sound"),
    [
        ('        """What it does."""\n        return a', True),
        ('        """What it does."""\n        return b', False),
        ('        """What it does."""\n        x = 1\n        return a', False),
        ("        # what it does\n        return a", True),
        ('        return a\n        """What it does."""', False),
    ],
)
def test_docstring_alone_may_be_added(body, is_sound):
    after = BEFORE.replace("        return a", body)
    assert (check_addition(Addition.DOCSTRING, BEFORE, after) is None) is is_sound


def answered(text, task, reason=FinishReason.STOP_ID, region=""):
    completion = Completion(text, (), (), reason, 0, 0, Timings(), (1.0,))
    return read_edit(completion, EditRequest(task, "class A:\n    def f(a):\n", region=region))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('        """Return the next item."""\n', '        """Return the next item."""'),
        (
            '        """\n        Return the\n        next item.\n\n        Parameters\n',
            '        """Return the next item."""',
        ),
        ("'''Return the next item.'''", '        """Return the next item."""'),
        ('        """Return the next', ""),
        ('        """Return."""\n', ""),
        ('        """Return the \\\\next item."""\n', ""),
        ("        return a\n", ""),
        ("", ""),
    ],
)
def test_docstring_is_cut_to_its_summary_and_closed(text, expected):
    assert answered(text, "docstring") == expected


def test_cut_off_signature_is_no_answer():
    assert answered("    def f(a: int):\n", "types", region="def f(a):\n") == "def f(a: int):", "as deep as it was"
    assert answered("def f(a: int):\n", "types", region="  def f(a):\n") == "  def f(a: int):"
    assert answered("    def f(a: int", "types", FinishReason.LENGTH) == ""
