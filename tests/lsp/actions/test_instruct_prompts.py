"""What an instruct model is asked, word for word, drawn in tests/golden/conversations.txt; where its actions stand.

Written anew with `UPDATE_GOLDEN=1`, to be read before it is committed.
"""

import os
import re
from pathlib import Path

import pytest

from lsp.scripted_model import marked, question_at
from sotto_lsp.actions.action import Product
from sotto_lsp.actions.catalogue import find_action, find_offered
from sotto_lsp.actions.places.find_function import find_testable
from sotto_lsp.actions.places.find_instruction import find_instructed
from sotto_lsp.actions.places.place import Place
from sotto_lsp.actions.proposal import build_first_request
from sotto_lsp.actions.tests_run import name_subject
from sotto_lsp.syntax.python.module_tests import PythonModuleTests
from sotto_lsp.syntax.target import PART

GOLDEN = Path(__file__).parents[2] / "golden" / "conversations.txt"
HEAD, *CASES = re.split(r"^=== ", GOLDEN.read_text(encoding="utf-8"), flags=re.MULTILINE)
EVERYTHING = frozenset({"chat", "inline-completion", "types", "docstring"})


def shown(request):
    turns = "".join(f"--- {each.role}\n{each.content}\n" for each in request.messages)
    stops = "".join(f"--- ends before\n{each.strip()}\n" for each in request.limits.stop_strings)
    return f"{turns}--- the answer begins\n{request.answer_prefix}\n{stops}\n"


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.split("\n", 1)[0] for case in CASES])
def test_prompt_of_an_action_is_as_drawn(number):
    title, rest = CASES[number].split("\n", 1)
    drawn, expected = rest.split("\n---", 1)
    action = find_action(title.split(":")[0])
    question = question_at(action.template, action.find, drawn)
    if action.product is Product.TESTS:
        question = name_subject(question, PythonModuleTests(Path(), "shop.app"), question.target.words["name"])
    said = shown(build_first_request(question))
    if os.environ.get("UPDATE_GOLDEN"):
        CASES[number] = f"{title}\n{drawn}\n{said}"
        GOLDEN.write_text("=== ".join([HEAD, *CASES]).rstrip("\n") + "\n", encoding="utf-8")
    assert said.rstrip("\n") == ("---" + expected).rstrip("\n")


@pytest.mark.parametrize(
    ("drawn", "lines", "instruction"),
    [
        ("▮# as a loop\nx = 1\n▮", "x = 1", "as a loop"),
        ("# as a loop\n▮x = 1\n▮", "x = 1", "as a loop"),
        ("if y:\n    # use a set,\n    #  not a list\n▮    x = [1]\n▮", "    x = [1]", "use a set, not a list"),
        ("# old text\n\n▮# as a loop\n\n\nx = 1\n▮", "x = 1", "as a loop"),
        ("# above it\n▮# inside it\nx = 1\n▮", "x = 1", "inside it"),
        ("▮# noqa\nx = 1\n▮", None, None),
        ("#!/usr/bin/env python\n▮x = 1\n▮", None, None),
        ("▮x = 1\n▮", None, None),
        ("# as a loop\n\n▮x = 1\n▮", None, None),
        ("# as a loop\nx ▮= 1\n", None, None),
        ("▮# as a loop\n▮", None, None),
    ],
)  # fmt: skip
def test_instruction_is_the_comment_at_the_top(drawn, lines, instruction):
    document, place = marked(drawn)
    target = find_instructed(document, place)
    part = target and target.holes[PART]
    found = target and (document.snapshot.text[part.start : part.end], target.words["instruction"])
    assert found == (lines and (lines, instruction))


def test_instruction_of_the_command_goes_before_the_comment():
    document, place = marked("▮# as a loop\nx = 1\n▮")
    told = Place(place.first_line, place.last_line, place.start, place.end, instruction="as a {x} set")
    target = find_instructed(document, told)
    assert target.words == {"instruction": "as a {x} set"} and target.first == 0


def test_offered_without_an_instruct_model_is_nothing_that_needs_one():
    document, place = marked("▮# as a loop\ndef f(x):\n    return x\n▮")
    names = {
        abilities: {action.name for action, *_ in find_offered(document.snapshot, [place], abilities)}
        for abilities in (EVERYTHING, EVERYTHING - {"chat"})
    }
    instruct = {"simplify", "rewrite_selection", "explain"}
    assert names[EVERYTHING] >= instruct and not names[EVERYTHING - {"chat"}] & instruct


@pytest.mark.parametrize(
    ("uri", "drawn", "name"),
    [
        ("file:///project/app.py", "def area▮(r):\n    return r\n", "area"),
        ("file:///project/app.py", "async def area(\n    r▮,\n):\n    return r\n", "area"),
        ("file:///project/app.py", "class A:\n    def area(r▮):\n        return r\n", None),
        ("file:///project/app.py", "def area(r):\n    return r▮\n", None),
        ("file:///project/test_app.py", "def area▮(r):\n    return r\n", None),
        ("file:///project/conftest.py", "def area▮(r):\n    return r\n", None),
        ("untitled:Untitled-1", "def area▮(r):\n    return r\n", None),
    ],
)
def test_tests_are_offered_for_functions_they_can_import(uri, drawn, name):
    document, place = marked(drawn, uri)
    target = find_testable(document, place)
    assert (target and target.words) == (name and {"name": name})
