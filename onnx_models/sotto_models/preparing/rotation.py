"""Rotary position embedding as exporters spell it out, x * cos + rotated(x) * sin, and as tables of cos and sin.

Su et al., 2021; the halves of a head are the pairs that are turned, as in Llama and all who follow it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import numpy_helper

from sotto_models.preparing.graph_view import GraphView, NotComputable

MAX_POSITIONS = 32768
"""Rows of the tables, and with it the longest context of a prepared graph: 8 MB for a head size of 64."""
_TRIED = 4


@dataclass(frozen=True)
class Rotation:
    """`source` is what is turned, `[batch, heads, tokens, head size]`; tables are `[positions, head size / 2]`."""

    source: str
    tables: tuple[str, str]
    """The tensors that the graph multiplies by; they name the tables."""
    cos: np.ndarray
    sin: np.ndarray

    @property
    def cos_name(self) -> str:
        return f"sotto.{self.tables[0]}.cos"

    @property
    def sin_name(self) -> str:
        return f"sotto.{self.tables[1]}.sin"

    def as_weights(self) -> list[Any]:
        return [
            numpy_helper.from_array(self.cos, self.cos_name),
            numpy_helper.from_array(self.sin, self.sin_name),
        ]


class RotationFinder:
    """Looks for rotations in one graph; layers share their tables, which are computed once."""

    def __init__(self, view: GraphView) -> None:
        self._view = view
        self._known: dict[tuple[str, str], tuple[np.ndarray, np.ndarray] | None] = {}

    def find(self, name: str) -> Rotation | None:
        """How a tensor was turned, computed and compared; None for another way, or none."""
        node = self._view.producer(name, "Add")
        products = [self._view.producer(each, "Mul") for each in node.input] if node is not None else []
        if len(products) != 2 or None in products:
            return None
        for source, cos in _both_ways(products[0]):
            for _, sin in _both_ways(products[1]):
                tables = self._tables(cos, sin)
                if tables and _turns(self._view, rotation := Rotation(source, (cos, sin), *tables), name):
                    return rotation
        return None

    def _tables(self, cos: str, sin: str) -> tuple[np.ndarray, np.ndarray] | None:
        if (cos, sin) not in self._known:
            try:
                self._known[cos, sin] = _computed_tables(self._view, cos, sin)
            except NotComputable:
                self._known[cos, sin] = None
        return self._known[cos, sin]


def _both_ways(product: Any) -> list[tuple[str, str]]:
    a, b = product.input
    return [(a, b), (b, a)]


def _computed_tables(view: GraphView, cos: str, sin: str) -> tuple[np.ndarray, np.ndarray]:
    """The first halves of all rows. Raises NotComputable if they depend on more than the position."""
    every, few = np.arange(MAX_POSITIONS, dtype=np.int64), np.arange(_TRIED, dtype=np.int64) * 7
    values = view.evaluate([cos, sin], {"position_ids": every[None]})
    some = view.evaluate([cos, sin], {"position_ids": few[None]})
    tables: list[np.ndarray] = []
    for table, part in zip(values, some, strict=True):
        rows = table.reshape(MAX_POSITIONS, -1)
        half = rows.shape[1] // 2
        same_halves = np.array_equal(rows[:, :half], rows[:, half:])
        if not same_halves or not np.array_equal(part.reshape(_TRIED, -1), rows[few]):
            raise NotComputable("the rotation depends on the length")
        tables.append(np.ascontiguousarray(rows[:, :half], np.float32))
    return tables[0], tables[1]


def _turns(view: GraphView, rotation: Rotation, name: str) -> bool:
    """Whether the graph makes of some numbers what the tables make of them."""
    half = rotation.cos.shape[1]
    x = np.random.default_rng(0).standard_normal((1, 2, _TRIED, 2 * half), np.float32)
    positions = np.arange(_TRIED, dtype=np.int64)
    try:
        (given,) = view.evaluate([name], {rotation.source: x, "position_ids": positions[None]})
    except NotComputable:
        return False
    cos, sin = (np.concatenate([table[:_TRIED]] * 2, axis=1) for table in (rotation.cos, rotation.sin))
    rotated = np.concatenate([-x[..., half:], x[..., :half]], axis=-1)
    return given.shape == x.shape and bool(np.allclose(given, x * cos + rotated * sin, atol=1e-5))
