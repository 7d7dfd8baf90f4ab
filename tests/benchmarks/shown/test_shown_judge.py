"""The judge of `shown`: `│` is the cursor, `truth` what was taken away there."""

import pytest

from benchmarks.shown.judge import judge
from benchmarks.shown.places import Place

HEADER = "class A:\n    def is_open(│)\n        return self.is_there\n"


def place(drawn, truth="", indent=None):
    prefix, suffix = drawn.split("│")
    return Place("line end", "a.py", prefix, suffix, truth, prefix.rfind("\n") + 1, indent)


@pytest.mark.parametrize(
    ("drawn", "truth", "text", "num_replaced"),
    [
        (HEADER, "self):", "self", 0),
        (HEADER, "self):", "self):", 1),
        ("for name in f(│)\n    print(name)\n", "a, b):", "a, ", 0),
        ("while f(│)\n    pass\n", "a[0]):", "a[", 0),
        ('x = f("│")\n', 'yes")', "no", 0),
        ("async def st│\n    await x\n", "op():", "art", 0),
        ("try:\n    x = 1\n│\n", "except E:\n    pass", "except E:", 0),
    ],
)
def test_half_typed_text_that_can_be_finished_is_whole(drawn, truth, text, num_replaced):
    assert not judge(place(drawn, truth), text, num_replaced).broken
    assert not judge(place(drawn, truth).with_line_ends("\r\n"), text, num_replaced).broken


@pytest.mark.parametrize(
    ("drawn", "truth", "text"),
    [
        (HEADER, "self):", "self):"),
        ("x = f(│)\n", "a)", "a)"),
        ('x = f("│")\n', 'yes")', 'yes")'),
        ("x = f(│, 2)\n", "", "a)"),
        ("f.│close(a)\n", "", "set(b)"),
        ("x = 1│\n", "", "\nif x:"),
    ],
)
def test_text_that_can_not_be_finished_is_broken(drawn, truth, text):
    assert judge(place(drawn, truth), text, 0).broken


@pytest.mark.parametrize(
    ("drawn", "truth", "text"),
    [
        ("print(│value, end)\n", "", "value, end"),
        ("x = 1\n│\nprint(x)\n", "y = 2", "print(x)"),
        ("x = │\nx = total\n", "1", "total"),
        ("x = f(│)\n", "a)", "b)"),
    ],
)
def test_duplicate_of_what_follows_is_seen(drawn, truth, text):
    assert judge(place(drawn, truth), text, 0).duplicate


def test_right_is_the_beginning_of_the_truth_without_white_space():
    assert judge(place("x = │\n", "f(a, b)"), "f(a,b", 0).right
    assert judge(place("x = │\n", "f(a, b)"), "f(a", 0).saved == len("f(a")
    assert not judge(place("x = │\n", "f(a)"), "f(a, b)", 0).right
    assert not judge(place("x = │\n"), "y", 0).right


def test_indented_block_stands_one_step_in():
    assert judge(place("if x:│\n", "\n\ty = 1", "\t"), "\n\ty = 2", 0).indented
    assert judge(place("if x:│\n", "\n\ty = 1", "\t"), "\n    y = 2", 0).indented is False
    assert judge(place("if x:\n\t│\n", "y = 1", "\t"), "y = 2", 0).indented
    assert judge(place("if x:│\n", "\n\ty = 1", "\t"), "  # why", 0).indented is None


def test_line_ends_are_those_of_the_document():
    assert judge(place("x = 1│\r\n"), "\r\ny = 2", 0).line_ends
    assert not judge(place("x = 1│\r\n"), "\ny = 2", 0).line_ends
