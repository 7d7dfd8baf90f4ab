"""The two tables that exporters leave in float32, embedding and head, in 8-bit blocks: a quarter of the size.

8 bits and not 4: the greedy text stays, and a token's embedding is one row.
"""

from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from sotto_models.preparing.graph_view import MICROSOFT, drop_unused
from sotto_models.preparing.last_logits import find_head, producer_of
from sotto_models.quantizing.blockwise import QuantizedMatrix, quantize

_BITS, _BLOCK_SIZE = 8, 32
_MIN_ROWS = 64
"""A table with fewer rows is no vocabulary."""


def quantize_tables(graph: Any) -> list[str]:
    """Quantize a float32 embedding and a float32 head; a phrase for each that was.

    A head that multiplies by the embedding's own table goes on to share it.
    """
    done: list[str] = []
    weights = {tensor.name: tensor for tensor in graph.initializer}
    shared: dict[str, QuantizedMatrix] = {}
    gather = _embedding(graph, weights)
    if gather is not None:
        name = gather.input[0]
        table = numpy_helper.to_array(weights[name])
        shared[name] = _store(graph, name, table)
        _replace_gather(graph, gather, shared[name])
        done.append(f"embedding {table.nbytes / 1e6:.0f} -> {_nbytes(shared[name]) / 1e6:.0f} MB")
    head = find_head(graph)
    if head is not None and head.op_type == "MatMul":
        tied = producer_of(graph, head.input[1])
        if tied is not None and tied.op_type == "Transpose" and tied.input[0] in shared:
            name = tied.input[0]
            graph.node.remove(tied)
            _replace_head(head, name, shared[name])
            done.append("head shares the embedding")
        elif _is_table(weights.get(head.input[1]), 0):
            name = head.input[1]
            table = np.ascontiguousarray(numpy_helper.to_array(weights[name]).T)
            matrix = _store(graph, name, table)
            _replace_head(head, name, matrix)
            done.append(f"head {table.nbytes / 1e6:.0f} -> {_nbytes(matrix) / 1e6:.0f} MB")
    drop_unused(graph)
    return done


def _embedding(graph: Any, weights: dict[str, Any]) -> Any | None:
    """The gather of rows of a float32 table by input_ids."""
    for node in graph.node:
        if node.op_type == "Gather" and node.input[1] == "input_ids" and _is_table(weights.get(node.input[0]), 1):
            return node
    return None


def _is_table(tensor: Any | None, columns_axis: int) -> bool:
    """Whether a tensor is a float32 matrix whose rows can be cut into blocks."""
    if tensor is None or tensor.data_type != 1 or len(tensor.dims) != 2:
        return False
    return tensor.dims[columns_axis] % _BLOCK_SIZE == 0 and tensor.dims[1 - columns_axis] >= _MIN_ROWS


def _store(graph: Any, name: str, table: np.ndarray) -> QuantizedMatrix:
    matrix = quantize(table, _BITS, _BLOCK_SIZE)
    graph.initializer.append(numpy_helper.from_array(matrix.packed, f"{name}.packed"))
    graph.initializer.append(numpy_helper.from_array(matrix.scales, f"{name}.scales"))
    return matrix


def _replace_gather(graph: Any, gather: Any, matrix: QuantizedMatrix) -> None:
    """Rows come in blocks: gathered as [batch, tokens, blocks, block size] and joined again."""
    name, output = gather.input[0], gather.output[0]
    shape, axis = f"{name}.shape", f"{name}.axis"
    graph.initializer.append(numpy_helper.from_array(np.array([0, 0, matrix.num_columns], np.int64), shape))
    graph.initializer.append(numpy_helper.from_array(np.array([2], np.int64), axis))
    nodes = [
        helper.make_node("Unsqueeze", [f"{name}.scales", axis], [f"{name}.scales_3d"], name=f"{name}.scales_3d"),
        helper.make_node(
            "GatherBlockQuantized",
            [f"{name}.packed", gather.input[1], f"{name}.scales_3d"],
            [f"{name}.blocks"],
            name=f"{name}.blocks",
            domain=MICROSOFT,
            bits=_BITS,
            block_size=_BLOCK_SIZE,
            gather_axis=0,
            quantize_axis=2,
        ),
        helper.make_node("Reshape", [f"{name}.blocks", shape], [output], name=f"{name}.rows"),
    ]
    position = list(graph.node).index(gather)
    graph.node.remove(gather)
    for node in reversed(nodes):
        graph.node.insert(position, node)


def _replace_head(head: Any, name: str, matrix: QuantizedMatrix) -> None:
    rows, outputs = head.input[0], list(head.output)
    head.CopyFrom(
        helper.make_node(
            "MatMulNBits",
            [rows, f"{name}.packed", f"{name}.scales"],
            outputs,
            name=head.name,
            domain=MICROSOFT,
            N=len(matrix.packed),
            K=matrix.num_columns,
            bits=_BITS,
            block_size=_BLOCK_SIZE,
            accuracy_level=4,
        )
    )


def _nbytes(matrix: QuantizedMatrix) -> int:
    return matrix.packed.nbytes + matrix.scales.nbytes
