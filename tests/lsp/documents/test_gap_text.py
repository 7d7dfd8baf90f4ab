"""GapText against a plain string, over random edits, with a gap small enough to move often."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sotto_lsp.documents import gap_text as gap_text_module
from sotto_lsp.documents.gap_text import GapText

TEXTS = st.text("ab\r\n\U0001f600é\ufffd", max_size=12)
EDITS = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 6), TEXTS), max_size=25)


@pytest.fixture(autouse=True)
def small_gap(monkeypatch):
    monkeypatch.setattr(gap_text_module, "_MAX_GAP_CHARS", 12)


@settings(max_examples=300)
@given(TEXTS, EDITS, st.integers(-90, 90), st.integers(-90, 90))
def test_edits_leave_the_text_and_parts_of_a_string(text, edits, start, end):
    versions = [(GapText(text), text)]
    for place, num_replaced, inserted in edits:
        content, plain = versions[-1]
        first = min(place, len(plain))
        last = min(first + num_replaced, len(plain))
        versions.append((content.edited(first, last, inserted), plain[:first] + inserted + plain[last:]))
    for content, plain in versions:  # the older ones too: an edit changes none of them
        assert len(content) == len(plain)
        assert content[start:end] == plain[start:end]
        assert content[start:] == plain[start:]
        assert content[:end] == plain[:end]
        assert all(content[index : index + 2] == plain[index : index + 2] for index in range(len(plain)))
        assert str(content) == plain


def test_edit_near_the_last_one_shares_head_and_tail(monkeypatch):
    monkeypatch.setattr(gap_text_module, "_MAX_GAP_CHARS", 64)
    text = "x = 1\n" * 1000
    before = GapText(text).edited(3000, 3000, "a")
    after = before.edited(3001, 3001, "b")
    assert after._head is before._head
    assert after._tail is before._tail
    assert str(after) == text[:3000] + "ab" + text[3000:]


def test_gap_is_bounded():
    content = GapText("")
    for number in range(500):
        content = content.edited(number, number, "x")
        assert len(content._gap) <= 12 + 1
    assert str(content) == "x" * 500
