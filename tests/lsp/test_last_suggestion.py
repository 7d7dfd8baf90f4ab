"""Typing along the suggestion on the screen."""

import pytest

from sotto_lsp.last_suggestion import LastSuggestion

LAST = LastSuggestion("a = \nb", 4, "foo(1)")


@pytest.mark.parametrize(
    ("document", "offset", "rest"),
    [
        ("a = \nb", 4, "foo(1)"),
        ("a = fo\nb", 6, "o(1)"),
        ("a = foo(1)\nb", 10, ""),
        ("a = fx\nb", 6, ""),
        ("c = fo\nb", 6, ""),
        ("a = fo\nc", 6, ""),
        ("a = fo\nb", 5, ""),
        ("a =\nb", 3, ""),
    ],
)
def test_what_remains(document, offset, rest):
    assert LAST.continued_in(document, offset) == rest
