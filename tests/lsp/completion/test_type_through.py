"""Typing the suggestion on the screen runs no model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sotto_lsp.completion.fit.fitting import Suggestion
from sotto_lsp.completion.type_through import PlacedSuggestion, TypeThrough
from sotto_lsp.documents.gap_text import GapText
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.window import WINDOW_CHARS

SHOWN = PlacedSuggestion.at("a = \nb", 4, Suggestion("foo(1)"))


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
def test_rest_is_what_was_not_typed_yet(document, offset, rest):
    assert SHOWN.rest(document, offset).text == rest


TEXTS = st.text("ab\n", max_size=6)


@given(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
def test_rest_is_there_exactly_where_the_beginning_was_typed(before, after, text, b, typed, a):
    shown = PlacedSuggestion.at(before + after, len(before), Suggestion(text))
    is_place = b == before and a == after and text.startswith(typed)
    # Seen from another offset the same document can be the same place.
    document, offset = b + typed + a, len(b + typed)
    num = offset - len(before)
    same = 0 <= num <= len(text) and before + text[:num] + after == document
    assert shown.fits(document, offset) is same
    assert not is_place or same
    assert shown.rest(document, offset).text == (text[num:] if same else "")
    assert str(shown.accept(GapText(before + after))) == before + text + after
    assert shown.end == len(before + text)


@pytest.mark.parametrize("where", [-2, -1, 0, 1])
def test_text_outside_the_window_does_not_matter(where):
    document, offset = "x = 1\n" * 4000, 12_000
    shown = PlacedSuggestion.at(document, offset, Suggestion("foo"))
    edge = {-2: offset - WINDOW_CHARS - 1, -1: offset - WINDOW_CHARS, 0: offset + WINDOW_CHARS - 1}
    changed = edge.get(where, offset + WINDOW_CHARS)
    edited = document[:changed] + "y" + document[changed + 1 :]
    assert shown.fits(document, offset)
    assert shown.fits(edited, offset) is (where in (-2, 1))


@pytest.mark.parametrize("num_below", [1, 4000])
def test_suggestion_that_replaces_closers_goes_on_until_it_is_accepted(num_below):
    below = "\n    pass" * num_below
    shown = PlacedSuggestion.at(f"def f(){below}", 6, Suggestion("self):", 1))
    assert shown.rest(f"def f(){below}", 6) == Suggestion("self):", 1)
    assert shown.rest(f"def f(se){below}", 8) == Suggestion("lf):", 1)
    accepted = shown.accept(GapText(f"def f(){below}"))
    assert str(accepted) == f"def f(self):{below}"
    assert shown.fits(accepted, shown.end)
    assert not shown.fits(f"def f(self):){below}", shown.end)


def test_last_suggestion_is_kept_for_each_document():
    type_through = TypeThrough()
    first, second = (DocumentSnapshot.of("a = \nb", uri=uri) for uri in ("file:///a.py", "file:///b.py"))
    type_through.remember(first, 4, Suggestion("foo"))
    type_through.remember(second, 4, Suggestion())
    assert type_through.rest(first, 4).text == "foo"
    assert type_through.rest(second, 4).text == "" and type_through.fits(second, 4)
    type_through.forget(first.uri)
    assert not type_through.fits(first, 4) and type_through.fits(second, 4)
    type_through.clear()
    assert not type_through.fits(second, 4)
