"""Training examples as token ids: fill-in-the-middle in both orders, left to right, and edit tasks, each cut to fit.

Spelled as the server spells its prompts, so that the model sees what it learned from.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from recipe.corpus.cuts import Cut, cut
from recipe.corpus.edits import Edit, edit
from recipe.corpus.library import Related
from recipe.corpus.vocabulary import CONTROL

FIM_SHARE = 0.85
"""At 90 % nothing is lost left to right, and infilling gains (arXiv 2207.14255)."""
EDIT_SHARE = 0.10
SUFFIX_FIRST_SHARE = 0.6
"""The order of the embedded model's prompts; the rest is anchored, with text after the middle token."""
HEADER_SHARE = 0.5
_JOINED_SHARE = 0.7
"""Text before and after the cursor encoded as one, as healing leaves it at run time; the others each apart."""
_ANCHOR_AT_LINE_SHARE = 0.7
_MAX_ANCHOR_CHARS = 400
_SUFFIX_SHARE = 0.25
"""Of the room, when not all fits: the server gives it 0.2."""
_MAX_HEADER_SHARE = 0.4

END, PREFIX, SUFFIX, MIDDLE, PAD, SEPARATOR = 0, 1, 2, 3, 4, 6


@dataclass(frozen=True)
class Parts:
    """An example before it is cut to fit: what may lose its beginning, what may lose its end, what must stay."""

    before: list[int]
    after: list[int]
    answer: list[int]
    is_suffix_first: bool
    task: list[int]

    def prompt(self, room: int) -> list[int] | None:
        """The same without the answer and the end."""
        ids = self.ids(room)
        return ids and ids[: len(ids) - len(self.answer) - 1]

    def ids(self, room: int) -> list[int] | None:
        """At most `room` ids; None if the answer leaves too little to go by."""
        fixed = len(self.task) + len(self.answer) + 4
        excess = fixed + len(self.before) + len(self.after) - room
        if excess > 0 and fixed > room // 2:
            return None
        cut_after = max(0, min(excess, len(self.after) - int(room * _SUFFIX_SHARE)))
        cut_before = max(0, excess - cut_after)
        after = self.after[: len(self.after) - cut_after]
        before = self.before[cut_before:]
        if cut_before > len(self.before):
            return None
        if self.is_suffix_first:
            return [PREFIX, SUFFIX, *after, MIDDLE, *before, *self.answer, END]
        return [PREFIX, *before, SUFFIX, *after, *self.task, MIDDLE, *self.answer, END]


class ExampleMaker:
    """Turns pieces of source into token ids; all randomness comes from the dice."""

    def __init__(self, tokenizer: Tokenizer, dice: random.Random) -> None:
        self._tokenizer = tokenizer
        self._dice = dice

    def example(self, path: str, piece: str, related: Sequence[Related], room: int) -> list[int] | None:
        """One example with its end token, at most `room` ids; None if the piece does not fit."""
        header = self._header(path, related, int(room * _MAX_HEADER_SHARE))
        room -= len(header)
        choice = self._dice.random()
        if choice >= FIM_SHARE + EDIT_SHARE:
            body: list[int] | None = [*self._encode(piece)[: room - 1], END]
        else:
            task = edit(piece, self._dice) if choice >= FIM_SHARE else None
            parts = self.edit_parts(task) if task else self.fim_parts(cut(piece, self._dice))
            body = parts.ids(room)
        return body and [*header, *body]

    def fim_parts(self, parts: Cut) -> Parts:
        """Suffix-first, or anchored: the text after the anchor follows the middle token, as when typing."""
        is_suffix_first = self._dice.random() < SUFFIX_FIRST_SHARE
        after = self._encode(parts.suffix)
        if is_suffix_first:
            before, middle = self._joined(parts.prefix, parts.middle)
            return Parts(before, after, middle, True, [])
        anchor = self._anchor(parts.prefix)
        typed, middle = self._joined(parts.prefix[anchor:], parts.middle)
        return Parts(self._encode(parts.prefix[:anchor]), after, [*typed, *middle], False, [])

    def edit_parts(self, task: Edit) -> Parts:
        """Prefix, suffix, the task's token with the region, the answer after the middle token."""
        control = CONTROL.index(f"<|{task.task}|>")
        before, after = self._encode(task.prefix), self._encode(task.suffix)
        return Parts(before, after, self._encode(task.answer), False, [control, *self._encode(task.region)])

    def _anchor(self, prefix: str) -> int:
        """Where the text after the middle token starts: mostly at a line's end, now and then anywhere."""
        reach = self._dice.randint(0, min(_MAX_ANCHOR_CHARS, len(prefix)))
        anchor = len(prefix) - reach
        if self._dice.random() < _ANCHOR_AT_LINE_SHARE:
            return max(prefix.rfind("\n", 0, anchor + 1), 0)
        return anchor

    def _joined(self, before: str, middle: str) -> tuple[list[int], list[int]]:
        if self._dice.random() >= _JOINED_SHARE:
            return self._encode(before), self._encode(middle)
        encoding = self._tokenizer.encode(before + middle, add_special_tokens=False)
        split = next((i for i, (_, end) in enumerate(encoding.offsets) if end > len(before)), len(encoding.ids))
        return encoding.ids[:split], encoding.ids[split:]

    def _header(self, path: str, related: Sequence[Related], room: int) -> list[int]:
        """Related pieces, each under its file's name, then the name of the file itself."""
        if not related and self._dice.random() >= HEADER_SHARE:
            return []
        ids = [SEPARATOR, *self._encode(f"{self._name(path)}\n")]
        for other in reversed(related):
            snippet = [SEPARATOR, *self._encode(f"{self._name(other.path)}\n{other.text}\n")]
            ids = [*snippet, *ids] if len(snippet) + len(ids) <= room else ids
        return ids

    def _name(self, path: str) -> str:
        """A file's name, as the server gives it, or a part of the path."""
        parts = Path(path).parts
        return "/".join(parts[-self._dice.choice((1, 1, 1, 2, 4)) :])

    def _encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids
