"""Positions and offsets, against a model that walks the text one character at a time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position

from sotto_lsp.documents.snapshot import DocumentSnapshot, PositionEncoding

# Line ends, what only Python takes for line ends, one to four bytes, one and two UTF-16 units, lone surrogates.
ALPHABET = "ab\t \n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029éß€\ufeff\ufffd😀𐍈e\u0301\ud83d\ude00"
TEXTS = st.lists(st.sampled_from([*ALPHABET, "\r\n", "line\n"]), max_size=40).map("".join)
ENCODINGS = st.sampled_from(PositionEncoding)


def width(char: str, encoding: PositionEncoding) -> int:
    """Code units of one character, by the tables of the Unicode standard."""
    point = ord(char)
    match encoding:
        case PositionEncoding.UTF8:
            return 1 + (point > 0x7F) + (point > 0x7FF) + (point > 0xFFFF)
        case PositionEncoding.UTF16:
            return 1 + (point > 0xFFFF)
        case PositionEncoding.UTF32:
            return 1


def model_positions(text: str, encoding: PositionEncoding) -> list[tuple[int, int]]:
    """The position of every offset of the text, its end too."""
    positions: list[tuple[int, int]] = []
    line = character = 0
    for index, char in enumerate(text):
        positions.append((line, character))
        if char == "\n" or (char == "\r" and text[index + 1 : index + 2] != "\n"):
            line, character = line + 1, 0
        elif char != "\r":
            character += width(char, encoding)
    return [*positions, (line, character)]


def model_offset(text: str, encoding: PositionEncoding, line: int, character: int) -> int:
    """The last offset at or before the position on its line; the end of the text beyond the last line."""
    positions = model_positions(text, encoding)
    if line > positions[-1][0]:
        return len(text)
    fitting = [offset for offset, place in enumerate(positions) if place[0] == line and place[1] <= character]
    # Both sides of the "\r" of a "\r\n" have one position: the side before it counts.
    last = positions[fitting[-1]]
    return positions.index(last)


@given(TEXTS, ENCODINGS, st.integers(0, 45), st.integers(0, 200))
def test_offset_of_any_position_is_the_models(text: str, encoding: PositionEncoding, line: int, character: int):
    snapshot = DocumentSnapshot.of(text, encoding=encoding)
    assert snapshot.offset_at(Position(line, character)) == model_offset(text, encoding, line, character)


@given(TEXTS, ENCODINGS)
def test_position_of_every_offset_is_the_models(text: str, encoding: PositionEncoding):
    snapshot = DocumentSnapshot.of(text, encoding=encoding)
    positions = [snapshot.position_at(offset) for offset in range(len(text) + 1)]
    assert [(place.line, place.character) for place in positions] == model_positions(text, encoding)


@given(TEXTS, ENCODINGS)
def test_offsets_survive_the_way_there_and_back(text: str, encoding: PositionEncoding):
    snapshot = DocumentSnapshot.of(text, encoding=encoding)
    for offset in range(len(text) + 1):
        between = text[offset - 1 : offset + 1] == "\r\n" and offset > 0
        assert snapshot.offset_at(snapshot.position_at(offset)) == offset - between


@given(TEXTS)
def test_lines_and_their_ends_make_up_the_text(text: str):
    snapshot = DocumentSnapshot.of(text)
    bounds = [snapshot.line_bounds(line) for line in range(snapshot.num_lines)]
    starts = [start for start, _ in bounds]
    assert starts == list(snapshot.line_starts)
    ends = [text[end:start] for (_, end), start in zip(bounds, [*starts[1:], len(text)], strict=True)]
    assert set(ends[:-1]) <= {"\n", "\r\n", "\r"}
    assert ends[-1] == ""
    assert not any({"\n", "\r"} & set(text[start:end]) for start, end in bounds)


@pytest.mark.parametrize(
    ("encoding", "offsets"),
    [
        (PositionEncoding.UTF8, [0, 1, 1, 1, 1, 2, 3, 3]),
        (PositionEncoding.UTF16, [0, 1, 1, 2, 3, 3]),
        (PositionEncoding.UTF32, [0, 1, 2, 3, 3]),
    ],
)
def test_position_inside_a_character_is_before_it(encoding: PositionEncoding, offsets: list[int]):
    snapshot = DocumentSnapshot.of("a😀b\nc", encoding=encoding)
    assert [snapshot.offset_at(Position(0, character)) for character in range(len(offsets))] == offsets


def test_positions_beyond_the_end_are_cut():
    snapshot = DocumentSnapshot.of("ab\r\ncd\n")
    assert snapshot.offset_at(Position(0, 3)) == 2
    assert snapshot.offset_at(Position(0, 2**31 - 1)) == 2
    assert snapshot.offset_at(Position(2, 5)) == 7
    assert snapshot.offset_at(Position(9, 0)) == 7
    assert snapshot.position_at(3) == Position(0, 2)
    assert snapshot.position_at(99) == Position(2, 0)
    assert snapshot.position_at(-1) == Position(0, 0)


def test_empty_document_has_one_line():
    snapshot = DocumentSnapshot.of("")
    assert snapshot.num_lines == 1
    assert snapshot.offset_at(Position(0, 0)) == 0
    assert snapshot.range_at(0, 5).end == Position(0, 0)


@pytest.mark.parametrize("encoding", PositionEncoding)
def test_line_of_a_million_characters_is_read_fast(encoding: PositionEncoding):
    snapshot = DocumentSnapshot.of("é😀x" * 400_000, encoding=encoding)
    character = snapshot.position_at(1_000_000).character
    started = time.perf_counter()
    assert snapshot.offset_at(Position(0, character)) == 1_000_000
    assert time.perf_counter() - started < 0.5  # a loop over characters takes longer; usual is 0.02
