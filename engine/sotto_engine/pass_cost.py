"""PassCost: how long a pass of the model takes by its number of tokens, learnt while it works."""

import numpy as np

_MEMORY = 0.95
_FIRST_BASE, _FIRST_SLOPE = 0.55, 0.28
"""A pass of two tokens costs about 1.1 of one, a pass of eight 2.8 (0.5B parameters in int4, two cores)."""


class PassCost:
    """A straight line through the passes seen, older ones weighing less; before the first one, an assumed line."""

    def __init__(self) -> None:
        self._sums = np.zeros(5)
        """of 1, sizes, their squares, times and products of size and time"""
        self._scale = 0.0

    def add(self, size: int, seconds: float) -> None:
        """Take one pass in. Together with the first one the assumed line is taken in, at its scale."""
        if not self._scale:
            self._scale = seconds / _first(size)
            for assumed in (2, 8):
                self._take_in(assumed, _first(assumed) * self._scale)
        # What took much longer: another program had the core meanwhile.
        self._take_in(size, min(seconds, 4 * self._scale * _first(size)))

    def of(self, size: int) -> float:
        """The cost of a pass of `size` tokens, in no unit: only ratios mean something."""
        weight, sizes, squares, times, products = self._sums.tolist()
        determinant = weight * squares - sizes * sizes
        if determinant <= 1e-6 * max(squares, 1.0):
            return _first(size)
        slope = (weight * products - sizes * times) / determinant
        base = (times - slope * sizes) / weight
        return max(base + slope * size, 1e-9)

    def _take_in(self, size: int, time: float) -> None:
        self._sums = self._sums * _MEMORY + np.array([1.0, size, size * size, time, size * time])


def _first(size: int) -> float:
    return _FIRST_BASE + _FIRST_SLOPE * size
