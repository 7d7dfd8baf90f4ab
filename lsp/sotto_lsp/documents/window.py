"""The text around the cursor, as much of it as a model's context can hold."""

from sotto_lsp.documents.gap_text import Text

WINDOW_CHARS = 8192
"""On each side of the cursor; more than the embedded model's context holds, little enough to compute anew."""
_GRID_SHARE = 4
"""The window's start is one of this many places across its size: moving it costs a whole prefill."""


def window(text: Text, offset: int, max_chars: int) -> tuple[str, str]:
    """`(prefix, suffix)` of at most `max_chars` characters each, with `\\n` line ends.

    The prefix starts at a line and its start moves in jumps, a function of the text before the cursor alone;
    so the prompt's start, which the KV cache is keyed by, stays the same for many keystrokes.
    """
    prefix = text[_window_start(text, offset, max_chars) : offset]
    suffix = text[offset : offset + max_chars]
    return normalised(prefix), normalised(suffix)


def _window_start(text: Text, offset: int, max_chars: int) -> int:
    if offset <= max_chars:
        return 0
    step = max_chars // _GRID_SHARE
    on_grid = -(-(offset - max_chars) // step) * step
    line_end = text[on_grid - 1 : offset].find("\n")
    return on_grid + max(0, line_end)


def normalised(text: str) -> str:
    """With newlines for line ends, as the model sees every text."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
