"""EncodingMemory: token ids of recent texts, so that a text that was typed on costs its last lines.

A prompt's parts are thousands of characters, and from key to key the same but for a few at the end. Knows no model
and no control tokens.
"""

import json
import re
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, cast

import numpy as np

from sotto_engine.prompt.shared_prefix import shared_prefix_length

_NUM_TEXTS = 16
"""Two or three are in use at each place that one goes back to."""
_MIN_NBYTES = 256
"""Shorter texts are encoded as quickly as looked up."""
_MAX_REPLACED_NBYTES = 1024
"""After what a text has in common with the one that it takes the place of: typed or erased, not another place."""
_NEWLINE = ord("\n")
_LOOKS_ELSEWHERE = re.compile(r"\(\?<|\\[AGKbBZz]|(?<!\[)\^|\$")
"""In a pattern: what asks for more than the text from a match's start on."""


@dataclass(frozen=True)
class Words:
    """`word_numbers[i]`: which of the pieces that the pre-tokenizer made the token `ids[i]` is part of."""

    ids: list[int]
    word_numbers: Sequence[int | None]


@dataclass(frozen=True, eq=False)
class _Known:
    """A text in UTF-8, its ids, and its cuts: `(byte, token)`, ascending, where what follows is encoded by itself."""

    data: bytes
    ids: list[int]
    cuts: list[tuple[int, int]]


class EncodingMemory:
    """For a tokenizer of which `encodes_piecewise` is true; used by one thread.

    The pre-tokenizer goes through a text from left to right and asks for nothing in front of where it stands. So a
    text can be cut where a piece begins, if what decided on the piece before has not changed: its own text, and white
    space after it up to the next sign, which a pattern may look at. Cuts are looked for at newlines only.
    """

    def __init__(self, encode: Callable[[str], Words], token_nbytes: np.ndarray) -> None:
        """`encode` takes any text anew; `token_nbytes`, int64 `[vocab_size]`, has each token's length in UTF-8."""
        self._encode = encode
        self._token_nbytes = token_nbytes
        self._recent: deque[_Known] = deque(maxlen=_NUM_TEXTS)

    def encode(self, text: str) -> list[int]:
        """The ids that `encode` gives, in a list of their own."""
        data = text.encode("utf-8")
        if len(data) < _MIN_NBYTES:
            return self._encode(text).ids
        known, shared = self._nearest(data)
        if known is not None and shared == len(data) == len(known.data):
            self._remember(known, instead_of=known)
            return known.ids.copy()
        # Of a sign that is not there as a whole, one cannot know whether it is white space.
        until_sign = data[:shared].decode("utf-8", errors="ignore").rstrip()
        last_line = data.rfind(b"\n", 0, len(until_sign.encode("utf-8")))
        cuts = known.cuts[: bisect_right(known.cuts, last_line, key=itemgetter(0))] if known else []
        start, num_kept = cuts[-1] if cuts else (0, 0)
        ids = known.ids[:num_kept] if known else []
        words = self._encode(data[start:].decode("utf-8"))
        cuts += ((start + byte, len(ids) + token) for byte, token in self._cuts(data[start:], words))
        ids += words.ids
        goes_on = known is not None and start > max(len(data), len(known.data)) - _MAX_REPLACED_NBYTES
        self._remember(_Known(data, ids, cuts), instead_of=known if goes_on else None)
        return ids.copy()

    def _nearest(self, data: bytes) -> tuple[_Known | None, int]:
        """The known text that has most in common with this one from the start, and how many bytes that is.

        Of several the shortest: the one that this is, or goes on.
        """
        shared = [
            (shared_prefix_length(known.data, data), -len(known.data), known)
            for known in self._recent
            if data.startswith(known.data[:_MIN_NBYTES])
        ]
        num_shared, _, nearest = max(shared, key=itemgetter(0, 1), default=(0, 0, None))
        return nearest, num_shared

    def _remember(self, known: _Known, instead_of: _Known | None) -> None:
        if instead_of is not None:
            self._recent.remove(instead_of)
        self._recent.append(known)

    def _cuts(self, data: bytes, words: Words) -> Generator[tuple[int, int]]:
        """Where a piece begins before or after a newline; nowhere in a text that is more or less than its tokens."""
        ends = np.cumsum(self._token_nbytes[words.ids])
        if not words.ids or ends[-1] != len(data):
            return
        numbers = np.array([-1 if number is None else number for number in words.word_numbers])
        tokens = 1 + np.flatnonzero(numbers[1:] != numbers[:-1])
        places = ends[tokens - 1]
        is_newline = np.frombuffer(data, np.uint8) == _NEWLINE
        is_cut = is_newline[places] | is_newline[places - 1]
        yield from zip(places[is_cut].tolist(), tokens[is_cut].tolist(), strict=True)


def encodes_piecewise(normalizer: bytes, pre_tokenizer: bytes) -> bool:
    """Whether texts may be cut between pieces, by the two stages' own descriptions, JSON as in `tokenizer.json`.

    Known to be so: byte-level vocabularies whose pieces are found by one pattern that looks ahead only.
    """
    if json.loads(normalizer or b"null") not in (None, {"type": "NFC"}):
        return False
    stages = list(_stages(json.loads(pre_tokenizer or b"null")))
    patterns = [stage for stage in stages if stage["type"] == "Split" or stage.get("use_regex")]
    return (
        any(stage["type"] == "ByteLevel" for stage in stages)
        and len(patterns) <= 1
        and all(_keeps_places(stage) for stage in stages)
    )


def _stages(description: Any) -> Generator[dict[str, Any]]:  # noqa: ANN401
    if not isinstance(description, dict):
        return
    stage = cast("dict[str, Any]", description)
    if stage.get("type") == "Sequence":
        for each in stage["pretokenizers"]:
            yield from _stages(each)
    else:
        yield stage


def _keeps_places(stage: dict[str, Any]) -> bool:
    """Whether a stage decides by what stands at a place and after it, and drops or adds nothing."""
    match stage:
        case {"type": "Digits"}:
            return True
        case {"type": "ByteLevel", "add_prefix_space": False}:
            return True
        case {"type": "Split", "pattern": {"Regex": str(pattern)}, "behavior": "Isolated"}:
            return _LOOKS_ELSEWHERE.search(pattern) is None
        case _:
            return False
