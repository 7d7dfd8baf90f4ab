"""What comes after a suggestion is there when it is accepted, and the same as without prefetch."""

import time

import pytest

from e2e.raw_client import EVERYTHING

CODE = "def f(self):\n    if self.x is "
BELOW = "\n\n\nprint(mean([1, 2]))\n"


@pytest.fixture
def open_editor(start_server):
    def open_editor(**settings):
        editor = start_server()
        editor.initialize(initializationOptions=EVERYTHING | settings)
        editor.open_text(CODE + BELOW)
        return editor

    return open_editor


def accept(editor, text, offset):
    offset = editor.type(text, offset)
    return editor.ghost(offset)


def wait_until(editor, name, value):
    deadline = time.monotonic() + 60
    while editor.metrics()[name] < value:
        assert time.monotonic() < deadline, f"{name} stays below {value}"
        time.sleep(0.02)


def test_following_suggestion_is_there_and_the_same(open_editor):
    ahead, plain = open_editor(lookAhead="on"), open_editor(lookAhead="off")
    where = len(CODE)
    ghost = ahead.ghost(where)
    assert ghost and plain.ghost(where) == ghost
    wait_until(ahead, "num_ahead", 1)
    runs = ahead.metrics()["num_completions"]
    following = accept(ahead, ghost, where)
    assert following and following == accept(plain, ghost, where)
    metrics = ahead.metrics()
    assert (metrics["num_foreseen"], metrics["num_completions"]) == (1, runs)
    assert plain.metrics()["num_ahead"] == 0


def test_other_keys_get_the_same_answers(open_editor):
    ahead, plain = open_editor(lookAhead="on"), open_editor(lookAhead="off")
    where = len(CODE)
    for text in ("y", ".", "z", "(", ")"):
        assert ahead.ghost(where) == plain.ghost(where)
        time.sleep(0.15)  # some of the keys come during prefetch, some after it
        ahead.type(text, where)
        where = plain.type(text, where)
    assert ahead.ghost(where) == plain.ghost(where)
    assert ahead.metrics()["num_foreseen"] == 0
