"""The three products that make query, key and value from the same rows, made one: fewer and larger kernels.

For 4-bit and 8-bit matrices as MatMulNBits holds them, an output a row.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from sotto_models.prepare.graph_view import MICROSOFT, GraphView

_NUM_MATRIX_INPUTS = 4
"""rows, packed weights, scales, zero points"""


@dataclass(frozen=True)
class JoinedProjection:
    """`output`: `[batch, tokens, all heads * head size]`."""

    nodes: list[Any]
    weights: list[Any]
    output: str


@dataclass(frozen=True)
class _Projection:
    node: Any
    bias: np.ndarray | None


def join_projections(view: GraphView, heads: tuple[str, ...], name: str) -> JoinedProjection | None:
    """Of the tensors `[batch, heads, tokens, head size]` in this order; None where they are made in another way."""
    found = [_projection(view, tensor) for tensor in heads]
    parts = [each for each in found if each is not None]
    if len(parts) < len(found) or not _are_alike([part.node for part in parts]):
        return None
    first = parts[0].node
    inputs, weights = [str(first.input[0])], list[Any]()
    for number, suffix in enumerate(("packed", "scales", "zero_points")[: len(first.input) - 1], start=1):
        arrays = [view.constant(part.node.input[number]) for part in parts]
        known = [array for array in arrays if array is not None]
        if len(known) < len(arrays):
            return None
        inputs.append(f"{name}.{suffix}")
        weights.append(numpy_helper.from_array(np.concatenate(known), inputs[-1]))
    settings = {each.name: helper.get_attribute_value(each) for each in first.attribute}
    settings["N"] = sum(helper.get_attribute_value(_attribute(part.node, "N")) for part in parts)
    output = f"{name}.product"
    nodes = [helper.make_node("MatMulNBits", inputs, [output], name=output, domain=MICROSOFT, **settings)]
    biases = [part.bias for part in parts if part.bias is not None]
    if len(biases) == len(parts):
        weights.append(numpy_helper.from_array(np.concatenate(biases), f"{name}.bias"))
        nodes.append(helper.make_node("Add", [output, f"{name}.bias"], [name], name=name))
        output = name
    return JoinedProjection(nodes, weights, output) if len(biases) in (0, len(parts)) else None


def _projection(view: GraphView, tensor: str) -> _Projection | None:
    """The product behind a tensor that was cut into heads, and what was added to it."""
    turned = view.producer(tensor, "Transpose")
    cut = view.producer(turned.input[0], "Reshape") if turned is not None else None
    if cut is None:
        return None
    node, bias = view.producer(cut.input[0], "Add", "MatMulNBits"), None
    if node is not None and node.op_type == "Add":
        sides = [
            (view.constant(node.input[i]), view.producer(node.input[1 - i], "MatMulNBits")) for i in (0, 1)
        ]
        bias, node = next(((b, n) for b, n in sides if b is not None and n is not None), (None, None))
    if node is None or len(node.input) > _NUM_MATRIX_INPUTS or (bias is not None and bias.ndim != 1):
        return None
    return _Projection(node, bias)


def _attribute(node: Any, name: str) -> Any:
    return next(each for each in node.attribute if each.name == name)


def _are_alike(nodes: list[Any]) -> bool:
    def key(node: Any) -> tuple[Any, ...]:
        settings = {
            each.name: helper.get_attribute_value(each) for each in node.attribute if each.name != "N"
        }
        return node.input[0], len(node.input), tuple(sorted(settings.items()))

    return len({key(node) for node in nodes}) == 1
