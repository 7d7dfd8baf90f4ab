"""The documents after random histories of edits, against a list of code units cut and joined by hand."""

import logging
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from lsprotocol.types import Position, Range

from lsp.documents.test_snapshot import ENCODINGS, TEXTS, model_offset, model_positions
from sotto_lsp.documents import gap_text
from sotto_lsp.documents.line_starts import LineStarts
from sotto_lsp.documents.snapshot import PositionEncoding
from sotto_lsp.documents.store import Document, DocumentStore

URI = "file:///a.py"


@pytest.fixture(autouse=True, params=[4, 32_768], ids=["small gap", "large gap"])
def gap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    """A text lies in pieces: with a small one in the middle, short texts have their edges anywhere too."""
    monkeypatch.setattr(gap_text, "_MAX_GAP_CHARS", request.param)


def opened(text: str, encoding: PositionEncoding = PositionEncoding.UTF16, **limits: int) -> DocumentStore:
    store = DocumentStore(**limits)
    store.encoding = encoding
    store.open(types.TextDocumentItem(URI, "python", 1, text))
    return store


def change(store: DocumentStore, version: int, *changes: types.TextDocumentContentChangeEvent) -> bool:
    return store.change(types.VersionedTextDocumentIdentifier(version, URI), changes)


def replace(start: tuple[int, int], end: tuple[int, int], text: str) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(Range(Position(*start), Position(*end)), text)


def whole(text: str) -> types.TextDocumentContentChangeWholeDocument:
    return types.TextDocumentContentChangeWholeDocument(text)


def document_of(store: DocumentStore) -> Document:
    document = store.get(URI)
    assert document is not None
    return document


def without_lone_surrogates(text: str) -> str:
    return "".join("\ufffd" if 0xD800 <= ord(char) < 0xE000 else char for char in text)


def same_as_reading_anew(document: Document) -> bool:
    """The line starts kept through the edits are those of the text."""
    snapshot = document.snapshot()
    anew = LineStarts.of(snapshot.text)
    lines = [snapshot.line_starts.line_of(offset) for offset in range(len(snapshot.text) + 1)]
    places = [anew.line_of(offset) for offset in range(len(snapshot.text) + 1)]
    return list(snapshot.line_starts) == list(anew) and lines == places


POSITIONS = st.tuples(st.integers(0, 30), st.integers(0, 60))
EDITS = st.lists(st.tuples(st.one_of(st.none(), st.tuples(POSITIONS, POSITIONS)), TEXTS), max_size=12)


@settings(max_examples=400)
@given(TEXTS, EDITS, ENCODINGS)
def test_edits_in_any_order_leave_the_models_text(
    text: str,
    edits: list[tuple[tuple[tuple[int, int], tuple[int, int]] | None, str]],
    encoding: PositionEncoding,
):
    store = opened(text, encoding)
    model = without_lone_surrogates(text)
    for version, (span, inserted) in enumerate(edits, start=2):
        if span is None:
            change(store, version, whole(inserted))
            model = without_lone_surrogates(inserted)
        else:
            change(store, version, replace(*span, inserted))
            start, end = sorted(model_offset(model, encoding, *place) for place in span)
            model = model[:start] + without_lone_surrogates(inserted) + model[end:]
        snapshot = document_of(store).snapshot()
        assert (snapshot.text, snapshot.version) == (model, version)
        assert same_as_reading_anew(document_of(store))


@given(TEXTS, EDITS, ENCODINGS)
def test_edits_in_one_notification_equal_single_edits(
    text: str,
    edits: list[tuple[tuple[tuple[int, int], tuple[int, int]] | None, str]],
    encoding: PositionEncoding,
):
    changes = [replace(*span, inserted) if span else whole(inserted) for span, inserted in edits]
    at_once, singly = opened(text, encoding), opened(text, encoding)
    change(at_once, 2, *changes)
    for each in changes:
        change(singly, 2, each)
    assert document_of(at_once).text == document_of(singly).text


@given(TEXTS, TEXTS, ENCODINGS)
def test_surrogates_replaced_move_no_position(text: str, other: str, encoding: PositionEncoding):
    mixed = text + other
    assert model_positions(mixed, encoding) == model_positions(without_lone_surrogates(mixed), encoding)


@pytest.mark.parametrize(
    ("text", "edit", "expected"),
    [
        ("a\rb", replace((1, 0), (1, 0), "\n"), "a\r\nb"),  # joins a "\r" to a "\r\n"
        ("a\r\nb", replace((0, 1), (0, 1), "\r"), "a\r\r\nb"),
        ("a\r\nb", replace((0, 9), (1, 0), ""), "ab"),
        ("a\n\x0c\x0bb\n", replace((1, 1), (1, 2), "-"), "a\n\x0c-b\n"),
        ("a\u2028b\nc", replace((1, 0), (1, 1), "d"), "a\u2028b\nd"),
        ("a\x85b\nc", replace((1, 1), (1, 1), "d"), "a\x85b\ncd"),
        ("abc", replace((0, 2), (0, 1), "-"), "a-c"),  # the wrong way round
        ("abc\n", replace((1, 0), (1, 0), "d"), "abc\nd"),
        ("", replace((5, 5), (9, 9), "\r\n"), "\r\n"),
    ],
)
def test_edit_lands_at_the_clients_position(text: str, edit: types.TextDocumentContentChangePartial, expected: str):
    store = opened(text)
    assert change(store, 2, edit)
    assert document_of(store).text == expected
    assert same_as_reading_anew(document_of(store))


@given(TEXTS, POSITIONS, POSITIONS, TEXTS, ENCODINGS)
def test_edited_at_is_after_the_inserted_text(
    text: str,
    start: tuple[int, int],
    end: tuple[int, int],
    inserted: str,
    encoding: PositionEncoding,
):
    store = opened(text, encoding)
    assert document_of(store).edited_at is None
    change(store, 2, replace(start, end, inserted))
    model = without_lone_surrogates(text)
    first = min(model_offset(model, encoding, *place) for place in (start, end))
    assert document_of(store).edited_at == first + len(inserted)
    change(store, 3, whole(text))
    assert document_of(store).edited_at is None


def test_snapshot_is_shared_until_the_next_change():
    store = opened("a\nb")
    document = document_of(store)
    before = document.snapshot()
    assert document.snapshot() is before
    change(store, 2, replace((1, 0), (1, 1), "c\nd"))
    assert document.snapshot() is not before
    assert (before.text, before.version, list(before.line_starts)) == ("a\nb", 1, [0, 2])
    assert document.snapshot().language_id == "python"


def test_change_without_changes_still_counts_the_version():
    store = opened("a")
    assert change(store, 7)
    assert (document_of(store).version, document_of(store).text) == (7, "a")


def test_change_of_an_unopened_document_is_ignored(caplog: pytest.LogCaptureFixture):
    store = DocumentStore()
    with caplog.at_level(logging.DEBUG):
        assert not change(store, 2, whole("SECRET"))
        assert not store.close(URI)
    assert len(caplog.records) == 2
    assert "SECRET" not in caplog.text


def test_reopening_replaces_the_document():
    store = opened("old")
    store.open(types.TextDocumentItem(URI, "rust", 9, "new"))
    assert [(each.text, each.language_id, each.version) for each in store] == [("new", "rust", 9)]


def test_closed_document_is_gone():
    store = opened("a")
    assert store.close(URI)
    assert store.get(URI) is None
    assert list(store) == []


def test_large_document_is_kept_up_to_date_and_not_usable():
    store = opened("12345", max_document_chars=5)
    document = document_of(store)
    assert document.is_usable
    change(store, 2, replace((0, 5), (0, 5), "6"))
    assert (document.is_usable, document.text) == (False, "123456")
    change(store, 3, replace((0, 0), (0, 1), ""))
    assert document.is_usable


def test_binary_document_is_one_with_a_nul():
    store = opened("a\0b\0")
    document = document_of(store)
    assert not document.is_usable
    change(store, 2, replace((0, 1), (0, 2), ""))
    assert not document.is_usable
    change(store, 3, replace((0, 2), (0, 3), ""))
    assert document.is_usable
    change(store, 4, replace((0, 0), (0, 0), "\0"))
    assert not document.is_usable
    change(store, 5, whole("text"))
    assert document.is_usable


@pytest.mark.parametrize("text", ["    value = compute(argument)\n", "    wert = 'übergröße €'\n"])
def test_typing_into_50000_lines_takes_under_two_milliseconds(text: str):
    store = opened(text * 50_000)
    times_ms: list[float] = []
    for index in range(60):
        spot = (25_000 + index % 3, 4 + index)
        edit = replace(spot, spot, "x" if index % 5 else "\n")
        started = time.perf_counter()
        change(store, index + 2, edit)
        snapshot = document_of(store).snapshot()
        snapshot.position_at(snapshot.offset_at(Position(*spot)))
        times_ms.append(1000 * (time.perf_counter() - started))
    # Reading all lines again takes ten milliseconds or more; the median forgives a busy machine.
    assert sorted(times_ms)[len(times_ms) // 2] < 2.0
