"""GapText: a document's text in three pieces, so that a keystroke copies the small one alone."""

from typing import Protocol

_MAX_GAP_CHARS = 32_768
"""Of the piece that is edited. A key copies this much, an edit elsewhere the whole text."""


class Text(Protocol):
    """A string or a GapText: it can be read in parts."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> str: ...


class GapText:
    """Immutable. The next edit is near the last one, so it finds its place in the small piece in the middle."""

    __slots__ = ("_gap", "_head", "_tail", "_whole")

    def __init__(self, head: str, gap: str = "", tail: str = "") -> None:
        self._head = head
        self._gap = gap
        self._tail = tail
        self._whole: str | None = None if gap or tail else head

    def __len__(self) -> int:
        return len(self._head) + len(self._gap) + len(self._tail)

    def __getitem__(self, part: slice, /) -> str:
        """The characters of a part, in steps of one, as of a string."""
        start, end, _ = part.indices(len(self))
        end = max(start, end)
        gap, tail = len(self._head), len(self._head) + len(self._gap)
        if end <= gap:
            return self._head[start:end]
        if start >= tail:
            return self._tail[start - tail : end - tail]
        pieces = (
            self._head[start:],
            self._gap[max(0, start - gap) : end - gap],
            self._tail[: max(0, end - tail)],
        )
        return "".join(pieces)

    def __str__(self) -> str:
        """The whole text; joined on first use."""
        if self._whole is None:
            self._whole = "".join((self._head, self._gap, self._tail))
        return self._whole

    def edited(self, start: int, end: int, inserted: str) -> "GapText":
        """The text with `[start, end)` replaced."""
        gap = len(self._head)
        if gap <= start <= end <= gap + len(self._gap) and len(self._gap) + len(inserted) <= _MAX_GAP_CHARS:
            written = "".join((self._gap[: start - gap], inserted, self._gap[end - gap :]))
            return GapText(self._head, written, self._tail)
        around = _MAX_GAP_CHARS // 4
        first, last = max(0, start - around), end + around
        return GapText(self[:first], "".join((self[first:start], inserted, self[end:last])), self[last:])
