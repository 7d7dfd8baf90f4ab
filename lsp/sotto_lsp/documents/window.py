"""The text around the cursor that a model's context can hold."""

from sotto_lsp.documents.gap_text import Text
from sotto_lsp.documents.line_ends import normalize_line_ends

WINDOW_CHARS = 8192
"""On each side of the cursor; more than the embedded model's context holds."""
_GRID_SHARE = 4
"""The window's start has this many places across its size. Each move costs a whole prefill."""


def window(text: Text, offset: int, max_chars: int) -> tuple[str, str]:
    """`(prefix, suffix)` of at most `max_chars` characters each, with `\\n` line ends.

    The prefix starts at a line. Its start depends on the text before the cursor alone and moves in jumps, so the
    prompt's start, by which the prefix cache finds it, stays the same for many keystrokes.
    """
    prefix = text[_window_start(text, offset, max_chars) : offset]
    suffix = text[offset : offset + max_chars]
    return normalize_line_ends(prefix), normalize_line_ends(suffix)


def _window_start(text: Text, offset: int, max_chars: int) -> int:
    if offset <= max_chars:
        return 0
    step = max_chars // _GRID_SHARE
    on_grid = -(-(offset - max_chars) // step) * step
    line_end = text[on_grid - 1 : offset].find("\n")
    return on_grid + max(0, line_end)
