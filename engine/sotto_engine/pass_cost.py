"""PassCost: how long a pass of the model takes by its number of tokens, learnt while it works."""

_MEMORY = 0.95
_FIRST_BASE, _FIRST_SLOPE = 0.55, 0.28
"""A pass of two tokens costs about 1.1 of one, a pass of eight 2.8 (0.5B parameters in int4, two cores)."""


class PassCost:
    """A straight line through the passes seen, older ones weighing less; before the first one, an assumed line."""

    def __init__(self) -> None:
        self._weight = self._sizes = self._squares = self._times = self._products = 0.0
        self._scale = 0.0

    def add(self, size: int, seconds: float) -> None:
        """Take one pass in. Its time is told in units of the assumed line, so that the first ones cannot mislead."""
        if not self._scale:
            self._scale = seconds / _first(size)
            for assumed in (2, 8):
                self._take_in(assumed, _first(assumed) * self._scale)
        self._take_in(
            size, min(seconds, 4 * self._scale * _first(size))
        )  # another program had the core meanwhile

    def of(self, size: int) -> float:
        """The cost of a pass of `size` tokens, in no unit: only ratios mean something."""
        determinant = self._weight * self._squares - self._sizes * self._sizes
        if determinant <= 1e-6 * max(self._squares, 1.0):
            return _first(size)
        slope = (self._weight * self._products - self._sizes * self._times) / determinant
        base = (self._times - slope * self._sizes) / self._weight
        return max(base + slope * size, 1e-9)

    def _take_in(self, size: int, time: float) -> None:
        for name, value in (
            ("_weight", 1.0),
            ("_sizes", size),
            ("_squares", size * size),
            ("_times", time),
            ("_products", size * time),
        ):
            setattr(self, name, getattr(self, name) * _MEMORY + value)


def _first(size: int) -> float:
    return _FIRST_BASE + _FIRST_SLOPE * size
