"""The three products that make query, key and value from the same rows, and their biases, made one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from sotto_models.preparing.graph_view import GraphView
from sotto_models.preparing.joined_product import join


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
    product = join(view, [part.node for part in parts], name) if len(parts) == len(found) else None
    if product is None:
        return None
    nodes, weights, output = [product.node], product.weights, product.output
    biases = [part.bias for part in parts if part.bias is not None]
    if len(biases) == len(parts):
        weights.append(numpy_helper.from_array(np.concatenate(biases), f"{name}.bias"))
        nodes.append(helper.make_node("Add", [output, f"{name}.bias"], [name], name=name))
        output = name
    return JoinedProjection(nodes, weights, output) if len(biases) in (0, len(parts)) else None


def _projection(view: GraphView, tensor: str) -> _Projection | None:
    """The product before a tensor that was cut into heads, and what was added to it."""
    turned = view.producer(tensor, "Transpose")
    cut = view.producer(turned.input[0], "Reshape") if turned is not None else None
    if cut is None:
        return None
    node, bias = view.producer(cut.input[0], "Add", "MatMulNBits"), None
    if node is not None and node.op_type == "Add":
        sides = [(view.constant(node.input[i]), view.producer(node.input[1 - i], "MatMulNBits")) for i in (0, 1)]
        bias, node = next(((b, n) for b, n in sides if b is not None and n is not None), (None, None))
    if node is None or (bias is not None and bias.ndim != 1):
        return None
    return _Projection(node, bias)
