"""What the model is asked at a place, and on the line after it."""

import pytest

from sotto_engine.request import FillInRequest, StopAt
from sotto_lsp.completion.fit.place import read_place
from sotto_lsp.completion.request import begin_next_line, build_request
from sotto_lsp.settings import Settings


@pytest.mark.parametrize(
    ("prefix", "suffix", "suggestion", "expected"),
    [
        ("a = 1", "", "", "a = 1\n"),
        ("def f():\n    a = ", "\nb", "1", "def f():\n    a = 1\n    "),
        ("def f():\n\ta", "  \nb", "", "def f():\n\ta\n\t"),
        ("if a:", "\n", "\r\n    b", "if a:\n    b\n    "),
        ("a = f(", ")\n", "", None),
        ("a ", "= 1", "", None),
    ],
)
def test_next_line_is_as_deep_as_the_line_it_follows(prefix, suffix, suggestion, expected):
    request = begin_next_line(FillInRequest(prefix, suffix, path="a.py"), suggestion)
    assert (request and request.prefix) == expected
    assert request is None or (request.suffix, request.path) == (suffix, "a.py")


def test_invoked_request_has_no_threshold_and_no_delay():
    place = read_place("a = ", 4, "a.py")
    typed = build_request(place, Settings(), min_probability=0.5, decode_after_ms=90)
    invoked = build_request(place, Settings(), is_invoked=True, min_probability=0.5, decode_after_ms=90)
    assert (typed.limits.min_probability, typed.limits.decode_after_ms) == (0.5, 90)
    assert (invoked.limits.min_probability, invoked.limits.decode_after_ms) == (0, 0)


@pytest.mark.parametrize(
    ("drawn", "max_lines", "expected"),
    [
        ("if a:|\n", 0, StopAt.BLOCK),
        ("if a:\n    |\n", 0, StopAt.BLOCK),
        ("a = |\n", 0, StopAt.LINE),
        ("    |b\n", 0, StopAt.LINE),
        ("if a:|\n", 1, StopAt.LINE),
    ],
)
def test_stop_rule_is_a_block_where_one_begins(drawn, max_lines, expected):
    place = read_place(drawn.replace("|", ""), drawn.index("|"), "a.py")
    request = build_request(place, Settings(max_lines=max_lines))
    assert request.limits.stop_at is expected
