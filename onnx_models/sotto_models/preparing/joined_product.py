"""Products of the same rows made one: fewer and larger kernels, every column computed as before.

For 4-bit and 8-bit matrices as MatMulNBits holds them, an output a row.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from sotto_models.preparing.graph_view import MICROSOFT, GraphView, drop_unused

_MATRIX_INPUTS = ("packed", "scales", "zero_points")
"""of a product, after the rows"""


@dataclass(frozen=True)
class JoinedProduct:
    """`sizes`: the columns of each part in `output`, `[batch, tokens, sum of sizes]`."""

    node: Any
    weights: list[Any]
    sizes: list[int]

    @property
    def output(self) -> str:
        return self.node.output[0]


def join_products(model: Any) -> int:
    """Join every group of products that read the same rows; how many products there are less."""
    view, graph = GraphView(model), model.graph
    groups: dict[str, list[Any]] = defaultdict(list)
    for node in graph.node:
        if node.op_type == "MatMulNBits":
            groups[node.input[0]].append(node)
    num_joined = 0
    for rows, parts in groups.items():
        joined = join(view, parts, f"{rows}.joined") if len(parts) > 1 else None
        if joined is None:
            continue
        sizes = numpy_helper.from_array(np.array(joined.sizes, np.int64), f"{joined.output}.sizes")
        outputs = [part.output[0] for part in parts]
        split = helper.make_node("Split", [joined.output, sizes.name], outputs, name=f"{rows}.split", axis=-1)
        place = list(graph.node).index(parts[0])
        graph.node.insert(place, split)
        graph.node.insert(place, joined.node)
        for part in parts:
            graph.node.remove(part)
        graph.initializer.extend([*joined.weights, sizes])
        num_joined += len(parts) - 1
    drop_unused(graph)
    return num_joined


def join(view: GraphView, parts: Sequence[Any], name: str) -> JoinedProduct | None:
    """The product that makes the outputs of all of them, in this order; None where they are not of one kind."""
    if len({_kind(part) for part in parts}) > 1 or len(parts[0].input) > 1 + len(_MATRIX_INPUTS):
        return None
    first = parts[0]
    inputs, weights = [str(first.input[0])], list[Any]()
    for number in range(1, len(first.input)):
        arrays = [view.constant(part.input[number]) for part in parts]
        known = [array for array in arrays if array is not None]
        if len(known) < len(arrays):
            return None
        inputs.append(f"{name}.{_MATRIX_INPUTS[number - 1]}")
        weights.append(numpy_helper.from_array(np.concatenate(known), inputs[-1]))
    sizes = [_settings(part)["N"] for part in parts]
    settings: dict[str, Any] = {**_settings(first), "N": sum(sizes)}
    output = f"{name}.product"
    node = helper.make_node("MatMulNBits", inputs, [output], name=output, domain=MICROSOFT, **settings)
    return JoinedProduct(node, weights, sizes)


def _settings(node: Any) -> dict[str, Any]:
    return {each.name: helper.get_attribute_value(each) for each in node.attribute}


def _kind(node: Any) -> tuple[Any, ...]:
    """What products must have in common: all but the number of columns."""
    settings = {name: value for name, value in _settings(node).items() if name != "N"}
    return node.input[0], len(node.input), tuple(sorted(settings.items()))
