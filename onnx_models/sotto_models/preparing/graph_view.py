"""A graph's tensors by name: who makes and who reads them, which are constant, what a part of the graph computes.

Reads a list of nodes and changes nothing. Tensors are given by name throughout.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx as _onnx
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

onnx: Any = _onnx  # typed in part only
MICROSOFT = "com.microsoft"
"""The domain of onnxruntime's own operators."""


class NotComputable(Exception):  # noqa: N818 - an answer
    """The part asks for more than what it is given, or has operators that the reference does not know."""


class GraphView:
    """One look at a graph; nodes added to it later are not seen."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.initializers: dict[str, Any] = {tensor.name: tensor for tensor in model.graph.initializer}
        self.inputs: dict[str, Any] = {value.name: value for value in model.graph.input}
        self.producers: dict[str, Any] = {name: node for node in model.graph.node for name in node.output if name}
        self.consumers: dict[str, list[Any]] = defaultdict(list)
        for node in model.graph.node:
            for name in node.input:
                self.consumers[name].append(node)

    def producer(self, name: str, *op_types: str) -> Any | None:
        """The node that makes a tensor, if it is one of these kinds."""
        node = self.producers.get(name)
        return node if node is not None and (not op_types or node.op_type in op_types) else None

    def constant(self, name: str) -> np.ndarray | None:
        """The value of an initializer or of a Constant node; exporters that find two alike share one by Identity."""
        while (same := self.producer(name, "Identity")) is not None:
            name = same.input[0]
        if name in self.initializers:
            return numpy_helper.to_array(self.initializers[name])
        node = self.producer(name, "Constant")
        value = next((each.t for each in node.attribute if each.name == "value"), None) if node else None
        return None if value is None else numpy_helper.to_array(value)

    def dims(self, name: str) -> list[int | str]:
        """A graph input's shape: a number, or the name of an open dimension."""
        return [dim.dim_param or dim.dim_value for dim in self.inputs[name].type.tensor_type.shape.dim]

    def evaluate(self, outputs: Sequence[str], given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """What a few tensors are where others are given. Raises NotComputable."""
        nodes, leaves = self._part(outputs, given)
        if missing := leaves - given.keys() - self.initializers.keys():
            raise NotComputable(f"needs {', '.join(sorted(missing))}")
        infos = [
            onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(value.dtype), None)
            for name, value in given.items()
        ]
        graph = onnx.helper.make_graph(
            nodes,
            "part",
            infos,
            [onnx.helper.make_empty_tensor_value_info(name) for name in outputs],
            [self.initializers[name] for name in leaves & self.initializers.keys()],
        )
        part = onnx.helper.make_model(graph, opset_imports=self._model.opset_import)
        try:
            evaluator: Any = ReferenceEvaluator(part)
            return [np.asarray(each) for each in evaluator.run(None, dict(given))]
        except Exception as error:  # the reference's operators raise whatever numpy does
            raise NotComputable(str(error)) from error

    def _part(self, outputs: Sequence[str], given: Collection[str]) -> tuple[list[Any], set[str]]:
        """The nodes between `given` and `outputs`, in order, and the tensors that nothing there makes."""
        wanted, leaves, kept = list(outputs), set[str](), set[str]()
        while wanted:
            name = wanted.pop()
            node = self.producers.get(name)
            if name in given or node is None:
                leaves |= {name} - {""}
            elif node.output[0] not in kept:
                kept.add(node.output[0])
                wanted += node.input
        return [node for node in self._model.graph.node if node.output[0] in kept], leaves


def without_dead(nodes: Iterable[Any], outputs: Collection[str]) -> list[Any]:
    """The nodes that something in `outputs` depends on, in their order."""
    alive, kept = set(outputs), list[Any]()
    for node in reversed(list(nodes)):
        if alive & set(node.output):
            kept.append(node)
            alive |= set(node.input)
    return kept[::-1]


def drop_unused(graph: Any) -> None:
    """Take out weights that no node reads, and `position_ids` where positions are counted by the attention."""
    used = {name for node in graph.node for name in node.input} | {value.name for value in graph.output}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)
    for value in [value for value in graph.input if value.name == "position_ids" and value.name not in used]:
        graph.input.remove(value)
