"""An input for the number of logits: a prefill then runs the head on the last token alone."""

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

_HEADS = ("MatMul", "MatMulNBits")
_PASSED_THROUGH = ("Cast", "Reshape", "Identity")
_END = 2**62


def producer_of(graph: Any, name: str) -> Any | None:
    """The node that makes a tensor; None for an input or a weight."""
    return next((node for node in graph.node if name in node.output), None)


def find_head(graph: Any) -> Any | None:
    """The product that makes the logits, looked for before casts; None for a graph of another kind."""
    node = producer_of(graph, "logits")
    while node is not None and node.op_type in _PASSED_THROUGH:
        node = producer_of(graph, node.input[0])
    return node if node is not None and node.op_type in _HEADS else None


def add_num_logits(graph: Any) -> bool:
    """Slice the head's rows to the last `num_logits` (int64 `[1]`); False if that is done or cannot be."""
    head = find_head(graph)
    if head is None or any(value.name == "num_logits" for value in graph.input):
        return False
    before = producer_of(graph, head.input[0])
    if before is not None and before.op_type in ("Gather", "Slice"):
        return False  # pruned to the last token already
    graph.input.append(helper.make_tensor_value_info("num_logits", TensorProto.INT64, [1]))
    for name, value in (("sotto.end", _END), ("sotto.axis", 1)):
        graph.initializer.append(numpy_helper.from_array(np.array([value], np.int64), name))
    cut = [
        helper.make_node("Neg", ["num_logits"], ["sotto.start"], name="sotto.start"),
        helper.make_node(
            "Slice",
            [head.input[0], "sotto.start", "sotto.end", "sotto.axis"],
            ["sotto.rows"],
            name="sotto.rows",
        ),
    ]
    head.input[0] = "sotto.rows"
    position = next(i for i, node in enumerate(graph.node) if node is head or list(node.output) == list(head.output))
    for node in reversed(cut):
        graph.node.insert(position, node)
    for value in graph.output:
        if value.name == "logits":
            value.type.tensor_type.shape.dim[1].Clear()
            value.type.tensor_type.shape.dim[1].dim_param = "num_logits"
    del graph.value_info[:]  # shapes after the slice would be wrong; onnxruntime infers them again
    return True
