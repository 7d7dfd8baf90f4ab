"""Instructions in words: the code is taken out of the answer, and nothing else ever is."""

import asyncio

import pytest

from lsp.scripted_model import ScriptedModel, marked, outcome, question_at
from sotto_engine.request import FinishReason
from sotto_lsp.actions.catalogue import find_action
from sotto_lsp.actions.instruct.code_answer import extract_code
from sotto_lsp.actions.instruct.template import make_instruction
from sotto_lsp.actions.places.find_code import find_code
from sotto_lsp.actions.places.find_instruction import find_instructed
from sotto_lsp.actions.proposal import ask

TEMPLATE = make_instruction("Shorter", "Say it in {one} line.")
LOOP = """import math


def area(rs):
    out = []
▮    for r in rs:
        out.append(math.pi * r)
▮    return out
"""
SHORT = "out += [math.pi * r for r in rs]"
SHORTER = """import math


def area(rs):
    out = []
    out += [math.pi * r for r in rs]
    return out
"""


def asked():
    question = question_at(TEMPLATE, find_code, LOOP)
    assert question is not None
    return question


@pytest.mark.parametrize(
    "answer",
    [
        SHORT,
        f"    {SHORT}\n",
        f"{SHORT}\n```\nThis is shorter, since:\n```python\nprint(1)\n```",
        f"```python\n{SHORT}\n```",
        f"```\n{SHORT}",
        f"<think>\nA comprehension?\n</think>\n\n{SHORT}\n```\nDone.",
        f"    out = []\n    {SHORT}\n    return out",
        f"def area(rs):\n    out = []\n    {SHORT}\n    return out",
        f"import math\n\n\ndef area(rs):\n    out = []\n    {SHORT}\n    return out\n",
        f"out = []\n\n{SHORT}\n",
    ],
    ids=[
        "code alone",
        "indented",
        "fences and talk behind it",
        "a fence of its own",
        "a bare fence of its own",
        "thought first",
        "neighbours repeated",
        "the function repeated",
        "the file repeated",
        "the line above repeated",
    ],
)
def test_code_of_an_answer_replaces_the_lines(answer):
    assert outcome(asked(), answer) == SHORTER


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("Sure! Here is the code you asked for:", "would not compile"),
        ("Sure", "Sure is defined nowhere"),
        ((SHORT, FinishReason.LENGTH), "no answer"),
        ((SHORT, FinishReason.CANCELLED), "no answer"),
        ("<think>\nout += [1]\n", "no answer"),
        ("```\n```\n", "no answer"),
        ("", "no answer"),
        ("for r in rs:\n    out.append(math.pi * r)", "no answer"),
        ("out += [tau * r for r in rs]", "tau is defined nowhere"),
    ],
)
def test_free_text_and_half_answers_are_refused(answer, why):
    (said,) = outcome(asked(), answer)
    assert why in said


def test_answer_that_passes_goes_before_a_likelier_one():
    assert outcome(asked(), "Sure thing!", ("out +=", FinishReason.LENGTH), SHORT) == SHORTER


def test_answer_that_passes_is_the_last_that_is_asked_for():
    model, question = ScriptedModel("Sure thing!", SHORT, "out.extend(rs)"), asked()
    asyncio.run(ask(model, question, 5, lambda what, done: True))
    assert [request.sampling.seed for request in model.requests] == [0, 1]


def test_prompt_holds_instruction_lines_and_surroundings():
    question = asked()
    (hole,) = question.target.holes.values()
    request = question.request(hole)
    system, user = request.messages
    assert (system.role, user.role) == ("system", "user")
    assert "Say it in {one} line." in user.content, "braces in it are the user's own"
    assert "```\nfor r in rs:\n    out.append(math.pi * r)\n```" in user.content
    assert "def area(rs):\n    out = []\n```" in user.content and "```\n    return out\n" in user.content
    assert request.answer_prefix == "```python\n" and request.limits.stop_strings == ("\n```",)


@pytest.mark.parametrize(
    ("drawn", "after"),
    [
        (
            "if y:\n▮    # As a set.\n\n    x = [1]\n▮    z = x\n",
            "if y:\n    x = {1}\n    z = x\n",
        ),
        (
            "if y:\n    # As a set.\n▮    x = [1]\n▮    z = x\n",
            "if y:\n    # As a set.\n    x = {1}\n    z = x\n",
        ),
        ("# Other.\n▮# As a set.\r\nx = [1]\r\n▮", "# Other.\nx = {1}\r\n"),
    ],
    ids=["selected", "above", "selected, with other line ends"],
)
@pytest.mark.parametrize("answer", ["x = {1}", "# As a set.\nx = {1}"], ids=["code", "with the comment"])
def test_comment_goes_if_selected_and_stays_above_the_selection(drawn, after, answer):
    question = question_at(find_action("rewrite_selection").template, find_instructed, drawn)
    assert outcome(question, answer) == after


def test_fence_in_the_code_does_not_end_its_block():
    drawn = '▮def f():\n    """```\n    x\n    ```"""\n    return 1\n▮'
    question = question_at(TEMPLATE, find_code, drawn)
    request = question.request(question.target.holes["part"])
    assert request.answer_prefix == "````python\n" and request.limits.stop_strings == ("\n````",)
    answer = 'def f():\n    """```\n    x\n    ```"""\n    return 1 + 0\n````\nSee?\n'
    assert outcome(question, answer) == answer.split("````", maxsplit=1)[0].removesuffix("\n") + "\n"


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_of_an_answer_are_the_documents(newline):
    question = question_at(TEMPLATE, find_code, LOOP.replace("\n", newline))
    two = "for r in rs:\n    out += [math.pi * r]"
    after = outcome(question, two)
    assert f"    for r in rs:{newline}        out += [math.pi * r]{newline}    return" in after


@pytest.mark.parametrize(
    ("answer", "is_whole", "code"),
    [
        ("Text.\n```py\nx = 2\n```\nMore.", True, "x = 2"),
        ("Before:\n```\nx = 1\n```\nAfter:\n```\nx = 2\n```", True, "x = 2"),
        ("~~~\nx = 2\n~~~", False, "x = 2"),
        ("1. First\n   ```python\n   x = 2\n   ```", False, "   x = 2"),
        ("```python\nx = 2", False, ""),
        ("```python\nx = 2", True, "x = 2"),
        ("x = 2", True, ""),
        ("<think>\n```\nx = 3\n```\n</think>\n```\nx = 2\n```", True, "x = 2"),
        ("<think>\n```\nx = 3\n```\n", True, ""),
        ('```\nx = """\n  ```\n"""\n```', True, 'x = """\n  ```\n"""'),
    ],
)
def test_code_is_the_block_that_has_an_end(answer, is_whole, code):
    assert extract_code(answer, "x = 1", is_whole=is_whole) == code


@pytest.mark.parametrize(
    ("drawn", "found"),
    [
        ("def f(▮x):\n    y = x\n\n    return y\n\n\nz = 1\n", "def f(x):\n    y = x\n\n    return y"),
        ("@a\ndef f(▮x):\n    y\n# note\n    return 1\n# end\nz = 1\n", "def f(x):\n    y\n# note\n    return 1"),
        ("class A:\n    def f(self▮):\n        return 1\n    x = 2\n", "    def f(self):\n        return 1"),
        ("def f(x):\n    ▮y = x\n    return y\n", None),
        ("def f(x):\n▮    y = x▮\n    return y\n", "    y = x"),
        ("def f(x):\n    ▮y = x▮\n    return y\n", "    y = x"),
        ("def f(x):\n    ▮y▮ = x\n    return y\n", None),
        ("▮\nx = 1\ny = 2\n\n▮z = 3\n", "x = 1\ny = 2"),
        ("if x:\n    y\n▮else:\n    z\n▮", None),
        ("▮\n\n▮", None),
        ("▮x = (\n▮1)\n", None),
        ("def f(x):\n    return x▮, (\n        1▮)\n", "    return x, (\n        1)"),
        ("def f(▮x): return x\n", None),
    ],
)  # fmt: skip
def test_target_is_the_selection_or_the_function(drawn, found):
    lines, place = marked(drawn)
    target = find_code(lines, place)
    assert (target and lines.snapshot.text[target.first : target.last]) == found


@pytest.mark.parametrize(
    ("drawn", "answer", "lost"),
    [
        ("def f(a):\n▮    b = a\n▮    return b\n", "c = a", "b is defined nowhere"),
        ("def f(a):\n    b = 0\n▮    b = a\n▮    return b\n", "print(a)", "b, which"),
        ("def f(a):\n    b = 0\n▮    c = b = a\n▮    return b\n", "b = a", None),
        ("▮a = b = 1\n▮", "a = 1", "b, which"),
        ("class A:\n▮    x = 1\n    y = x\n▮", "y = 1", "x, which"),
        ("▮import os\n\n\ndef f():\n    return 1\n▮", "def f():\n    return 2", "os, which"),
        ("▮def f(a):\n    return a + 0\n▮", "def f(b):\n    return b", "a signature would change"),
        ("▮def f(a):\n    return a + 0\n▮", "def g(a):\n    return a", "f, which"),
        ("▮def f(a):\n    return a + 0\n▮", "def f(a):\n    return a", None),
    ],
)
def test_names_that_other_code_may_use_stay(drawn, answer, lost):
    question = question_at(TEMPLATE, find_code, drawn)
    said = outcome(question, answer)
    assert isinstance(said, str) if lost is None else lost in said[0]
