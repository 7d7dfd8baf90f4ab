"""Lines are followed through edits: moved by what lies elsewhere, touched by what reaches into them."""

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.documents.text_change import find_changed_part

URI = "file:///a.py"


def opened(text):
    documents = DocumentStore()
    return documents.open(types.TextDocumentItem(URI, "python", 1, text))


def edit(document, start, end, new):
    snapshot = document.snapshot()
    change = types.TextDocumentContentChangePartial(range=snapshot.range_at(start, end), text=new)
    document.apply([change], document.version + 1)


def followed(text, lines, *edits):
    """What the tracked lines are after the edits; None where they were touched."""
    document = opened(text)
    start = text.index(lines)
    with document.track(start, start + len(lines)) as span:
        for each in edits:
            edit(document, *each)
    return None if span.is_touched else document.text[span.start : span.end]


def test_edits_before_and_after_move_the_lines():
    assert followed("a\nb\nc\n", "b", (0, 1, "longer\nlines"), (15, 15, "x")) == "b"
    assert followed("a\nb\nc\n", "b", (0, 2, "")) == "b", "the line above is gone"
    assert followed("a\nb\nc\n", "b", (2, 2, "new\n")) == "b", "a new line above"
    assert followed("a\nb\nc\n", "b", (3, 3, "\n")) == "b", "a new line below"


def test_edits_inside_or_at_the_edges_touch_them():
    text = "aa\nbbb\ncc\n"
    for each in [
        (4, 4, "x"),
        (3, 3, "x"),
        (6, 6, "x"),
        (2, 3, ""),
        (6, 7, ""),
        (1, 4, ""),
        (0, 10, ""),
        (3, 6, "bbb"),
    ]:
        assert followed(text, "bbb", each) is None, each


def test_an_edit_that_changes_nothing_touches_nothing():
    assert followed("a\nb\nc\n", "b", (2, 2, "")) == "b"


def test_whole_text_sent_again_is_compared():
    document = opened("a\nb\nc\n")
    with document.track(2, 3) as span:
        document.apply([types.TextDocumentContentChangeWholeDocument(text="more\na\nb\nc\n")], 2)
        assert (span.start, span.is_touched) == (7, False)
        document.apply([types.TextDocumentContentChangeWholeDocument(text="more\na\nB\nc\n")], 3)
        assert span.is_touched


def test_tracking_ends_with_the_block():
    document = opened("a\nb\n")
    with document.track(0, 1) as span:
        pass
    edit(document, 0, 1, "changed")
    assert not span.is_touched


@given(st.text("ab\n", max_size=12), st.text("ab\n", max_size=12))
def test_changed_part_makes_the_new_text_of_the_old(old, new):
    start, end, num_inserted = find_changed_part(old, new)
    assert old[:start] + new[start : start + num_inserted] + old[end:] == new


@given(st.data())
def test_untouched_lines_are_unchanged(data):
    text = "".join(data.draw(st.lists(st.sampled_from(["a\n", "bb\n", "\n", "c"]), min_size=3, max_size=8)))
    ends = [i for i in range(len(text) + 1) if i == len(text) or text[i] == "\n"]
    end = data.draw(st.sampled_from(ends))
    start = text.rfind("\n", 0, end) + 1
    document = opened(text)
    with document.track(start, end) as span:
        for _ in range(data.draw(st.integers(1, 4))):
            length = len(document.text)
            low, high = sorted(data.draw(st.tuples(st.integers(0, length), st.integers(0, length))))
            edit(document, low, high, data.draw(st.text("xy\n", max_size=3)))
    if not span.is_touched:
        assert document.text[span.start : span.end] == text[start:end]
        assert span.start == 0 or document.text[span.start - 1] == "\n"
        assert span.end == len(document.text) or document.text[span.end] == "\n"
