"""TypingPace: when to begin to decode, given how fast the user types and how long the model's answers take.

An adaptive debounce of decoding alone. The prompt is computed at once, since the next key needs it too; an answer
that cannot come before the next key is wasted work.
"""

import time
from collections import deque
from collections.abc import Callable

_NUM_KEYS = 20
_MIN_INTERVALS = 5
_MAX_INTERVAL_S = 0.5
"""A longer interval is a pause; it does not count."""
_OVERDUE = 1.5
"""Times the mean interval, after which the next key is no longer expected."""
_MAX_DELAY_MS = 150.0


class TypingPace:
    """The pace of one user. Event loop only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last_key = float("-inf")
        self._intervals: deque[float] = deque(maxlen=_NUM_KEYS)
        self._answers_ms: deque[float] = deque(maxlen=_NUM_KEYS)

    def add_key(self) -> None:
        """A key was pressed and a suggestion requested."""
        now = self._clock()
        interval, self._last_key = now - self._last_key, now
        if interval <= _MAX_INTERVAL_S:
            self._intervals.append(interval)

    def add_answer(self, decode_ms: float) -> None:
        """How long the model decoded an answer that was not cancelled."""
        self._answers_ms.append(decode_ms)

    def decode_after_ms(self) -> float:
        """Milliseconds from a key to the first decode step; 0 where answers come before the next key."""
        if len(self._intervals) < _MIN_INTERVALS or not self._answers_ms:
            return 0.0
        interval_ms = _mean(self._intervals) * 1000
        return min(_OVERDUE * interval_ms, _MAX_DELAY_MS) if _mean(self._answers_ms) > interval_ms else 0.0


def _mean(values: deque[float]) -> float:
    """Not `statistics.mean`, which is exact and slow: this runs at every key."""
    return sum(values) / len(values)
