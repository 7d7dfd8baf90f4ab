"""Where nothing is suggested, asked or not."""

from dataclasses import replace

import pytest

from sotto_lsp.completion.fit.place import read_place
from sotto_lsp.completion.fit.silence import find_silence
from sotto_lsp.settings import Settings


def silence(drawn, *, is_invoked=False, language_id="python", **settings):
    before, after = drawn.split("│")
    place = read_place(before + after, len(before), "a.py", language_id)
    return find_silence(place, Settings(**settings), is_invoked=is_invoked)


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        ("x = f(│, 2)", "words-ahead"),
        ("future.│set_result(coro)", "words-ahead"),
        ("def data_received(│self, data):", "words-ahead"),
        ("x = │y", "words-ahead"),
        ("retu│rn x", "middle-of-word"),
        ("na│me = 1", "middle-of-word"),
        ("print(os.getcwd())│", "complete-statement"),
        ("x = f(a)│", "complete-statement"),
        ("pass│", "complete-statement"),
    ],
)
def test_silent_unasked_where_nothing_is_missing(drawn, reason):
    assert silence(drawn) == reason
    assert silence(drawn, is_invoked=True) is None


@pytest.mark.parametrize(
    "drawn", ["x = f(│)", "x = │", "def f(│):", 'x = ["│"]', "if x│", "if f(x)│", "import │", "│"]
)
def test_not_silent_where_something_is_missing(drawn):
    assert silence(drawn) is None


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        ("def f(x):\n    return x\n    │", "after-exit"),
        ("for x in y:\n    if x:\n        continue\n        │", "after-exit"),
        ("def f():\n    raise ValueError(x)\n    │", "after-exit"),
        ("def f(x):\n    return x\n│", None),
        ("def f(x):\n    if x:\n        return x\n    │", None),
        ("def f(x):\n    return (\n    │", None),
        ("def f(x):\n    return x\n    # │", None),
        ("def f(x):\n    return x\n    y│", None),
        ('x = """\n    return\n    │', None),
        ("def f(x):\n    returned = x\n    │", None),
    ],
)
def test_silent_after_a_statement_that_leaves_the_block(drawn, reason):
    assert silence(drawn) == silence(drawn, is_invoked=True) == reason


@pytest.mark.parametrize("is_invoked", [False, True])
@pytest.mark.parametrize(
    ("drawn", "settings", "reason"),
    [
        ("x = 1  # the │", {"comments": False}, "in-comment"),
        ('def f():\n    """The │', {"comments": False}, "in-comment"),
        ("x = 'the │", {"strings": False}, "in-string"),
        ("x = f'{│", {"strings": False}, None),
        ("x = 'a' + │", {"strings": False, "comments": False}, None),
        ("x = 'the │", {"comments": False}, None),
        ("x = 1  # the │", {"strings": False}, None),
    ],
)
def test_silent_in_comments_and_strings_where_a_setting_says_so(drawn, settings, reason, is_invoked):
    assert silence(drawn, is_invoked=is_invoked, **settings) == reason
    assert silence(drawn) is None


@pytest.mark.parametrize("is_invoked", [False, True])
@pytest.mark.parametrize(
    "drawn", ["# Author: │", "# Copyright │", "# TODO(│", "# FIXME: │", '"""Copyright (c) │', "# Licensed under │"]
)
def test_silent_where_a_line_names_people_owners_or_tasks(drawn, is_invoked):
    assert silence(drawn, is_invoked=is_invoked) == "names-people"


def test_silent_on_the_line_of_a_notebooks_command():
    place = replace(read_place("%time", 5), is_kernels=True)
    assert find_silence(place, Settings(), is_invoked=True) == "notebook-magic"


def test_silent_after_return_in_braces():
    drawn = "int f(int x) {\n  return x;\n  │\n}\n"
    assert silence(drawn, language_id="c") == "after-exit"
