"""Typing along the suggestion on the screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sotto_lsp.completion.type_through import LastSuggestion
from sotto_lsp.documents.window import WINDOW_CHARS

LAST = LastSuggestion.at("a = \nb", 4, "foo(1)")


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


TEXTS = st.text("ab\n", max_size=6)


@given(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
def test_it_goes_on_exactly_where_its_beginning_was_typed_into_its_text(before, after, text, b, typed, a):
    last = LastSuggestion.at(before + after, len(before), text)
    is_place = b == before and a == after and text.startswith(typed)
    # Seen from another offset the same document can be the same place: then that place is meant.
    document, offset = b + typed + a, len(b + typed)
    num = offset - len(before)
    same = 0 <= num <= len(text) and before + text[:num] + after == document
    assert last.fits(document, offset) is same
    assert not is_place or same
    assert last.continued_in(document, offset) == (text[num:] if same else "")
    assert last.accepted() == LastSuggestion.at(before + text + after, len(before + text), "")


@pytest.mark.parametrize("where", [-2, -1, 0, 1])
def test_only_what_the_model_can_have_seen_counts(where):
    document, offset = "x = 1\n" * 4000, 12_000
    last = LastSuggestion.at(document, offset, "foo")
    edge = {-2: offset - WINDOW_CHARS - 1, -1: offset - WINDOW_CHARS, 0: offset + WINDOW_CHARS - 1}
    changed = edge.get(where, offset + WINDOW_CHARS)
    edited = document[:changed] + "y" + document[changed + 1 :]
    assert last.fits(document, offset)
    assert last.fits(edited, offset) is (where in (-2, 1))
    assert last.accepted() == LastSuggestion.at(document[:offset] + "foo" + document[offset:], offset + 3, "")
