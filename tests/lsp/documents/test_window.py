"""The window around the cursor: bounded, at line starts, moving in jumps."""

from hypothesis import given
from hypothesis import strategies as st

from sotto_lsp.documents.window import window


@given(st.lists(st.text(alphabet="ab é\t", max_size=30), max_size=60), st.floats(0, 1), st.integers(8, 300))
def test_window_is_the_text_around_the_cursor(lines, where, max_chars):
    text = "\n".join(lines)
    offset = int(where * len(text))
    prefix, suffix = window(text, offset, max_chars)
    assert text[:offset].endswith(prefix) and text[offset:].startswith(suffix)
    assert len(prefix) <= max_chars and len(suffix) <= max_chars


def test_window_start_jumps_between_line_starts():
    text = "".join(f"line {number}\n" for number in range(2000))
    starts = {offset - len(window(text, offset, 1000)[0]) for offset in range(5000, 7000)}
    assert len(starts) <= 9
    assert all(text[start - 1] == "\n" for start in starts)


def test_window_has_normalized_line_ends():
    assert window("a\r\nb\rc", 4, 100) == ("a\nb", "\nc")
