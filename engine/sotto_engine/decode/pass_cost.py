"""PassCost: how long a pass of the model takes by its number of tokens, learnt while it works."""

import numpy as np

_MEMORY = 0.98
_SLOWEST = 1.5
"""Times the expected: what took longer was kept waiting by another program, and counts as so much."""
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


def _first(size: int) -> float:
    return _FIRST_BASE + _FIRST_SLOPE * size
