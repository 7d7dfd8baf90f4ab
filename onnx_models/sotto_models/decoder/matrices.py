"""Products of rows with matrices, in the bits that the scheme says."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sotto_models.decoder.description import DecoderDescription
from sotto_models.decoder.graph import Graph
from sotto_models.preparing.graph_view import MICROSOFT
from sotto_models.quantizing.blockwise import QuantizedMatrix, quantize
from sotto_models.quantizing.scheme import AS_STORED, FLOAT32, Format, Scheme

ACCURACY_LEVEL = 4
"""Activations are quantized to int8 inside the kernel."""


class Weights(Protocol):
    """What the graph is built from; a WeightSource is one. See there."""

    @property
    def description(self) -> DecoderDescription: ...

    def __contains__(self, name: str, /) -> bool: ...

    def read(self, name: str, /) -> NDArray[np.float32]: ...

    def read_blocks(self, name: str, /) -> QuantizedMatrix | None: ...


Stored = QuantizedMatrix | NDArray[np.float32]
Part = tuple[str, NDArray[np.intp] | slice]
"""A matrix by its name, or some of its rows."""
WHOLE = slice(None)


@dataclass
class Building:
    """A graph under way, with what it is built from."""

    graph: Graph
    weights: Weights
    scheme: Scheme

    @property
    def description(self) -> DecoderDescription:
        return self.weights.description

    def norm_weight(self, source: str, name: str) -> str:
        """The weights of an RMS norm, whose checkpoints may hold them less one."""
        weight = self.weights.read(source)
        return self.graph.constant(name, weight + np.float32(self.description.one_plus_norm))

    def linear(self, rows: str, parts: Sequence[Part | str], name: str) -> str:
        """rows [1, S, input] times matrices [output, input], their outputs one after the other, plus their biases.

        Matrices that are stored alike become one.
        """
        pairs = [(part, WHOLE) if isinstance(part, str) else part for part in parts]
        stored = [(part, *self._store(*part)) for part in pairs]
        groups = [list(group) for _, group in itertools.groupby(stored, key=lambda each: each[1])]
        outputs = [
            self._product(
                rows,
                [each[0] for each in group],
                [each[2] for each in group],
                name if len(groups) == 1 else f"{name}.{number}",
            )
            for number, group in enumerate(groups)
        ]
        return outputs[0] if len(outputs) == 1 else self.graph.add("Concat", outputs, f"{name}.out", axis=-1)

    def _store(self, name: str, rows: NDArray[np.intp] | slice) -> tuple[tuple[object, ...], Stored]:
        """How the matrix is stored, and the matrix."""
        matrix = read_matrix(self.weights, self.scheme, name, rows)
        if isinstance(matrix, QuantizedMatrix):
            return (matrix.bits, matrix.block_size), matrix
        return (FLOAT32.bits,), matrix

    def _product(self, rows: str, parts: list[Part], matrices: list[Stored], name: str) -> str:
        bias = self._join_biases(parts, matrices, name)
        quantized = [each for each in matrices if isinstance(each, QuantizedMatrix)]
        if quantized:
            return self.multiply(rows, _join(quantized), name, f"{name}.out", bias)
        matrix = np.concatenate([each for each in matrices if not isinstance(each, QuantizedMatrix)])
        constant = self.graph.constant(f"{name}.weight", matrix)
        product = self.graph.add("FusedMatMul", [rows, constant], f"{name}.product", MICROSOFT, transB=1)
        return self.graph.add("Add", [product, bias], f"{name}.out") if bias else product

    def _join_biases(self, parts: list[Part], matrices: list[Stored], name: str) -> str:
        """The name of the products' biases, zeros where a matrix has none; "" where none has one."""
        names = [part.removesuffix(".weight") + ".bias" for part, _ in parts]
        if not any(each in self.weights for each in names):
            return ""
        biases = [
            self.weights.read(bias)[rows] if bias in self.weights else np.zeros(_num_rows(matrix), np.float32)
            for bias, (_, rows), matrix in zip(names, parts, matrices, strict=True)
        ]
        return self.graph.constant(f"{name}.bias", np.concatenate(biases))

    def multiply(self, rows: str, matrix: QuantizedMatrix, name: str, output: str, bias: str = "") -> str:
        """MatMulNBits by a matrix that is written as {name}.packed and {name}.scales, once."""
        inputs = [rows, *self.constants(matrix, name)]
        if bias:
            inputs += ["", "", bias]
        return self.graph.add(
            "MatMulNBits",
            inputs,
            output,
            MICROSOFT,
            N=len(matrix.packed),
            K=matrix.num_columns,
            bits=matrix.bits,
            block_size=matrix.block_size,
            accuracy_level=ACCURACY_LEVEL,
        )

    def constants(self, matrix: QuantizedMatrix, name: str) -> list[str]:
        """The names of a matrix's tensors: levels and scales."""
        return [
            self.graph.constant(f"{name}.packed", matrix.packed),
            self.graph.constant(f"{name}.scales", matrix.scales),
        ]


def read_matrix(weights: Weights, scheme: Scheme, name: str, rows: NDArray[np.intp] | slice = WHOLE) -> Stored:
    """A matrix, or some of its rows, as the scheme wants it stored."""
    wanted = scheme.format_of(name)
    if wanted == AS_STORED and (blocks := weights.read_blocks(name)) is not None:
        return _take_rows(blocks, rows)
    weight = weights.read(name)[rows]
    return weight if wanted == FLOAT32 else quantize_to(weight, wanted)


def quantize_to(weight: NDArray[np.float32], wanted: Format) -> QuantizedMatrix:
    return quantize(weight, wanted.bits, wanted.block_size)


def _take_rows(matrix: QuantizedMatrix, rows: NDArray[np.intp] | slice) -> QuantizedMatrix:
    return replace(matrix, packed=matrix.packed[rows], scales=matrix.scales[rows])


def _join(matrices: list[QuantizedMatrix]) -> QuantizedMatrix:
    if len(matrices) == 1:
        return matrices[0]
    packed = np.concatenate([each.packed for each in matrices])
    return replace(matrices[0], packed=packed, scales=np.concatenate([each.scales for each in matrices]))


def _num_rows(matrix: Stored) -> int:
    return len(matrix.packed) if isinstance(matrix, QuantizedMatrix) else len(matrix)
