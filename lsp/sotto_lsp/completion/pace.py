"""TypingPace: when to begin to decode, by how fast the user types and how long the model's answers take.

The adaptive debounce of other servers, on decoding alone: a prompt is computed at once, since none of that is lost
when the next key comes, but an answer that cannot be there before that key is work for nothing.
"""

import time
from collections import deque
from collections.abc import Callable
from statistics import mean

_NUM_KEYS = 20
_NUM_FIRST = 5
"""Intervals before there is a pace."""
_LONGEST_S = 0.5
"""Behind a longer interval the user had stopped: it says nothing about the next key."""
_OVERDUE = 1.5
"""Times the mean interval, after which the next key is not expected any more."""
_MOST_MS = 150.0


class TypingPace:
    """Of one user; only the event loop comes here."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last_key = float("-inf")
        self._intervals: deque[float] = deque(maxlen=_NUM_KEYS)
        self._answers_ms: deque[float] = deque(maxlen=_NUM_KEYS)

    def add_key(self) -> None:
        """A key that suggestions were asked for behind."""
        now = self._clock()
        interval, self._last_key = now - self._last_key, now
        if interval <= _LONGEST_S:
            self._intervals.append(interval)

    def add_answer(self, decode_ms: float) -> None:
        """How long the model wrote at an answer that was not broken off."""
        self._answers_ms.append(decode_ms)

    def decode_after_ms(self) -> float:
        """How long after a key to begin, in milliseconds; 0, at once, where answers come before the next key."""
        if len(self._intervals) < _NUM_FIRST or not self._answers_ms:
            return 0.0
        interval_ms = mean(self._intervals) * 1000
        return min(_OVERDUE * interval_ms, _MOST_MS) if mean(self._answers_ms) > interval_ms else 0.0
