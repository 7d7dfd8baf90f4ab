"""Graph: collects nodes, and writes weights to the data file as they come: one tensor at a time is in memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx as _onnx
from numpy.typing import NDArray
from onnx import TensorProto

from sotto_models.preparing.external_data import DATA_NAME, GRAPH_NAME
from sotto_models.preparing.graph_view import MICROSOFT

onnx: Any = _onnx  # typed in part only
_OPSET = 21
_IR_VERSION = 10
_SMALL_NBYTES = 1024
"""A tensor below this stays in the graph."""
_PAGE = 4096
"""Tensors begin at pages, so that they can be mapped."""
_TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.uint8): TensorProto.UINT8}


class Graph:
    """A decoder's graph while it is built. A context manager: the data file is closed at the end.

    Methods that add nodes return the name of the (first) output.
    """

    def __init__(self, folder: Path, *, inline: bool = False) -> None:
        """inline: weights go into the graph itself; for small models alone."""
        self._folder = folder
        self._nodes: list[Any] = []
        self._initializers: dict[str, Any] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        folder.mkdir(parents=True, exist_ok=True)
        (folder / DATA_NAME).unlink(missing_ok=True)
        self._data = None if inline else (folder / DATA_NAME).open("wb")

    def __enter__(self) -> "Graph":
        return self

    def __exit__(self, *_: object) -> None:
        if self._data is not None:
            self._data.close()

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """A tensor, written once however often it is named."""
        if name in self._initializers:
            return name
        array = np.ascontiguousarray(array)
        if self._data is None or array.nbytes < _SMALL_NBYTES:
            self._initializers[name] = onnx.numpy_helper.from_array(array, name)
            return name
        self._data.write(bytes(-self._data.tell() % _PAGE))
        tensor = onnx.TensorProto(name=name, data_type=_TYPES[array.dtype], dims=array.shape)
        tensor.data_location = TensorProto.EXTERNAL
        place = {"location": DATA_NAME, "offset": self._data.tell(), "length": array.nbytes}
        tensor.external_data.extend(
            onnx.StringStringEntryProto(key=key, value=str(value)) for key, value in place.items()
        )
        self._data.write(array.data)
        self._initializers[name] = tensor
        return name

    def numbers(self, *values: int) -> str:
        """A small int64 tensor [len(values)]."""
        return self.constant("numbers." + ".".join(map(str, values)), np.array(values, np.int64))

    def number(self, value: float) -> str:
        """A float32 scalar."""
        return self.constant(f"number.{value}", np.array(value, np.float32))

    def add(self, op: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: object) -> str:
        return self.add_many(op, inputs, [output], domain, **attributes)[0]

    def add_many(
        self, op: str, inputs: Sequence[str], outputs: list[str], domain: str = "", **attributes: object
    ) -> list[str]:
        """A node with several outputs; "" for one that is not wanted."""
        name = next(output for output in outputs if output)
        node = onnx.helper.make_node(op, list(inputs), outputs, name=f"{name}/{op}", domain=domain, **attributes)
        self._nodes.append(node)
        return outputs

    def add_input(self, name: str, element: int, shape: Sequence[int | str]) -> None:
        self._inputs.append(onnx.helper.make_tensor_value_info(name, element, shape))

    def add_output(self, name: str, element: int, shape: Sequence[int | str]) -> None:
        self._outputs.append(onnx.helper.make_tensor_value_info(name, element, shape))

    def add_rows_cache(self, layer: int, kind: str, num_heads: int, head_dim: int) -> tuple[str, str]:
        """A cache that grows by a row a token: the names of its input and its output."""
        past, present = f"past_key_values.{layer}.{kind}", f"present.{layer}.{kind}"
        self.add_input(past, TensorProto.FLOAT, [1, num_heads, "past_length", head_dim])
        self.add_output(present, TensorProto.FLOAT, [1, num_heads, "total_length", head_dim])
        return past, present

    def add_state(self, layer: int, kind: str, shape: Sequence[int]) -> tuple[str, str]:
        """A recurrent state of a fixed shape: the names of its input and its output."""
        past, present = f"past_key_values.{layer}.{kind}", f"present.{layer}.{kind}"
        self.add_input(past, TensorProto.FLOAT, [1, *shape])
        self.add_output(present, TensorProto.FLOAT, [1, *shape])
        return past, present

    def save(self) -> Path:
        """Write the graph next to its weights; its path."""
        graph = onnx.helper.make_graph(
            self._nodes, "decoder", self._inputs, self._outputs, list(self._initializers.values())
        )
        opsets = [onnx.helper.make_opsetid("", _OPSET), onnx.helper.make_opsetid(MICROSOFT, 1)]
        model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="sotto")
        path = self._folder / GRAPH_NAME
        path.write_bytes(model.SerializeToString())
        return path
