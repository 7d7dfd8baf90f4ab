"""Drafts: guesses at the next tokens, taken from what followed the same tokens before, as long as they pay.

After LLMA (Yang et al., arXiv 2304.04487) and prompt lookup decoding (Saxena, 2023). Knows token ids, no model.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_LONGEST_MATCH = 16
_LONGEST_DRAFT = 15
_NUM_RECENT = 8
_LEAD = _LONGEST_MATCH
"""Tokens of the prompt in front of a kept answer: the place that it belongs to."""
_SEPARATOR = -1
_FIRST_RATES = (0.0, 0.33, 0.5, 0.72, 0.72, 0.92, *[0.95] * 6, *[0.98] * 5)
"""How often a guess is right, by the length of its match, before anything was measured."""
_FIRST_WEIGHT = 20.0
_MEMORY = 0.98
"""What a measurement weighs after the next one."""
_SLOWEST = 1.5
"""Times the expected: what took longer was kept waiting by another program, and counts as so much."""
_FIRST_BASE, _FIRST_SLOPE = 0.55, 0.28
_SIZES = np.arange(1, _LONGEST_DRAFT + 1)
_BACK = np.arange(_LONGEST_MATCH)


@dataclass(frozen=True)
class Draft:
    """At least one token. `match`: how many tokens in front were the same; 0 for a blind guess."""

    token_ids: list[int]
    match: int


class PassCost:
    """How long a pass takes by its number of tokens: a straight line through those seen, older ones weighing less.

    Before the first one, an assumed line.
    """

    def __init__(self) -> None:
        self._sums = np.zeros(5)
        """of 1, sizes, their squares, times and products of size and time"""
        self._scale = 0.0

    def add(self, size: int, seconds: float) -> None:
        """Take one pass in. Together with the first one the assumed line is taken in, at its scale."""
        if not self._scale:
            self._scale = seconds / (_FIRST_BASE + _FIRST_SLOPE * size)
            for assumed in (2, 8):
                self._take_in(assumed, (_FIRST_BASE + _FIRST_SLOPE * assumed) * self._scale)
        base, slope = self.line()
        self._take_in(size, min(seconds, _SLOWEST * (base + slope * size)))

    def line(self) -> tuple[float, float]:
        """`(base, slope)`: a pass of n tokens costs `base + slope * n`, in no unit: only ratios mean something."""
        weight, sizes, squares, times, products = self._sums.tolist()
        determinant = weight * squares - sizes * sizes
        if determinant <= 1e-6 * max(squares, 1.0):
            scale = self._scale or 1.0
            return scale * _FIRST_BASE, scale * _FIRST_SLOPE
        slope = max(0.0, (weight * products - sizes * times) / determinant)
        return max((times - slope * sizes) / weight, 0.0), slope

    def _take_in(self, size: int, time: float) -> None:
        self._sums = self._sums * _MEMORY + np.array([1.0, size, size * size, time, size * time])


class Drafter:
    """Guesses, and learns how often it is right. One per engine: nothing in it can change an answer."""

    def __init__(self) -> None:
        self.cost = PassCost()
        self._recent: deque[list[int]] = deque(maxlen=_NUM_RECENT)
        self._hits = [rate * _FIRST_WEIGHT for rate in _FIRST_RATES]
        self._tries = [_FIRST_WEIGHT] * len(_FIRST_RATES)

    def past(self, prompt_ids: Sequence[int]) -> list[int]:
        """The text in which a completion of this prompt looks for guesses: recent answers, then the prompt."""
        past: list[int] = []
        for answer in self._recent:
            past += [*answer, _SEPARATOR]
        return past + list(prompt_ids)

    def remember(self, prompt_ids: Sequence[int], token_ids: Sequence[int]) -> None:
        """Keep an answer: after one more key, most of it is the answer again."""
        if token_ids:
            self._recent.append([*prompt_ids[-_LEAD:], *token_ids])

    def draft(self, past: np.ndarray, room: int) -> Draft:
        """What may follow `past`, int64 `[num_tokens]`: `room` tokens at most and at least one."""
        found, match = latest_continuation(past, min(room, _LONGEST_DRAFT))
        size = min(len(found), self._best_size(match))
        return Draft(found[:size] or [int(past[-1])], match)

    def learn(self, draft: Draft, num_right: int, num_tried: int) -> None:
        """Learn from a draft: of the first `num_tried` tokens, `num_right` were right."""
        self._hits[draft.match] = self._hits[draft.match] * _MEMORY + num_right
        self._tries[draft.match] = self._tries[draft.match] * _MEMORY + num_tried

    def _best_size(self, match: int) -> int:
        """The size that promises most tokens for a pass's time. One token is always worth drafting: it is free,
        as a pass has two at least.
        """
        rate = min(self._hits[match] / self._tries[match], 0.99)
        tokens = (1 - rate ** (_SIZES + 1)) / (1 - rate)
        base, slope = self.cost.line()
        return int(_SIZES[(tokens / (base + slope * (_SIZES + 1))).argmax()])


def latest_continuation(text: np.ndarray, num_tokens: int) -> tuple[list[int], int]:
    """`(tokens, match)`: what followed the last place that ends as `text` does, and how many tokens that is true of.

    `text` is int64 `[num_tokens]`, not empty. The longest match up to 16 tokens goes first, the latest among
    equals. What goes on beyond the end of the text repeats itself, as in LZ77. Nothing is found across a separator.
    """
    ends = np.flatnonzero(text[:-1] == text[-1])
    if not len(ends):
        return [], 0
    back = _BACK[: len(text)]
    places = ends[:, None] - back
    same = (text[places] == text[-1 - back]) & (places >= 0)
    matches = np.logical_and.accumulate(same, axis=1).sum(axis=1)
    best = len(ends) - 1 - int(matches[::-1].argmax())
    following = np.resize(text[ends[best] + 1 :][:num_tokens], num_tokens)
    stops = np.flatnonzero(following == _SEPARATOR)
    return following[: stops[0] if len(stops) else None].tolist(), int(matches[best])
