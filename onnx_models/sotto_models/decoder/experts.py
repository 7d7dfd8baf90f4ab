"""A mixture of experts in place of a layer's MLP: a router chooses a few of them for every row.

Qwen3-MoE; Qwen3-Next and Qwen3.5-MoE have one more that every row goes through. Experts' matrices are named one by
one, as in Qwen3-MoE's checkpoints, however a file stores them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sotto_models.decoder.description import Experts
from sotto_models.decoder.matrices import ACCURACY_LEVEL, Building, read_matrix
from sotto_models.decoder.mlp import add_gated_mlp
from sotto_models.preparing.graph_view import MICROSOFT
from sotto_models.quantizing.blockwise import QuantizedMatrix

_Kind = tuple[int, int] | None
"""Bits and block size; None: float32."""


def add_experts(building: Building, layer: int, normed: str) -> str:
    """The experts' output, before it is added to the rows. normed: [1, S, hidden_size].

    Raises ValueError where a layer's experts are not all stored alike, which the operators demand.
    """
    source, name = f"model.layers.{layer}.mlp", f"layers.{layer}"
    graph, experts = building.graph, _experts_of(building)
    if experts.num_used > experts.num_experts:
        raise ValueError(f"of {experts.num_experts} experts, {experts.num_used} cannot be used at once")
    router = graph.constant(f"{name}.router", building.weights.read(f"{source}.gate.weight"))
    scores = graph.add("FusedMatMul", [normed, router], f"{name}.scores", MICROSOFT, transB=1)
    flat = graph.add("Reshape", [scores, graph.numbers(-1, experts.num_experts)], f"{name}.scores.flat")
    gate_up, kind = _write_stack(building, f"{source}.experts", ["gate_proj", "up_proj"], f"{name}.experts.gate_up")
    down, other_kind = _write_stack(building, f"{source}.experts", ["down_proj"], f"{name}.experts.down")
    if kind != other_kind:
        raise ValueError("experts whose gates and downs are not stored in the same bits and blocks are not supported")
    attributes: dict[str, int] = {}
    if kind is not None:
        attributes = {"expert_weight_bits": kind[0], "block_size": kind[1], "accuracy_level": ACCURACY_LEVEL}
    output = graph.add(
        "MoE" if kind is None else "QMoE",
        [normed, flat, *gate_up, "", *down],
        f"{name}.experts.out",
        MICROSOFT,
        k=experts.num_used,
        normalize_routing_weights=1,
        activation_type="swiglu",  # with this alpha and beta it is SiLU(gate) * up
        activation_alpha=1.0,
        activation_beta=0.0,
        swiglu_fusion=1,
        **attributes,
    )
    if not experts.normalize:
        output = graph.add("Mul", [output, _add_chosen_share(building, scores, name)], f"{name}.experts.weighted")
    return _add_shared_expert(building, source, normed, output, name) if experts.shared_size else output


def _experts_of(building: Building) -> Experts:
    experts = building.description.experts
    if experts is None:
        raise ValueError("the decoder has no experts")
    return experts


def _add_chosen_share(building: Building, scores: str, name: str) -> str:
    """What the chosen experts have of all probability, [1, S, 1]: by that the weights fall short of a sum of 1.

    Not left to the operators: with quantized weights they ignore `normalize_routing_weights`.
    """
    graph, experts = building.graph, _experts_of(building)
    shares = graph.add("Softmax", [scores], f"{name}.shares", axis=-1)
    chosen = graph.add_many(
        "TopK", [shares, graph.numbers(experts.num_used)], [f"{name}.chosen", f"{name}.chosen.indices"], axis=-1
    )[0]
    return graph.add("ReduceSum", [chosen, graph.numbers(-1)], f"{name}.chosen_share", keepdims=1)


def _write_stack(building: Building, source: str, parts: list[str], name: str) -> tuple[list[str], _Kind]:
    """The names of all experts' levels and scales, or of their weights, and how they are stored.

    Rows of several parts take turns, as the operators want gates and ups.
    """
    num_experts = _experts_of(building).num_experts
    stacks: list[NDArray[Any]] = []
    kinds: set[_Kind] = set()
    for number in range(num_experts):
        for turn, part in enumerate(parts):
            matrix = read_matrix(building.weights, building.scheme, f"{source}.{number}.{part}.weight")
            arrays = _flatten(matrix) if isinstance(matrix, QuantizedMatrix) else [matrix]
            kinds.add((matrix.bits, matrix.block_size) if isinstance(matrix, QuantizedMatrix) else None)
            if len(kinds) > 1:
                raise ValueError("experts that are not all stored in the same bits and blocks are not supported")
            if not stacks:
                shapes = [(num_experts, len(parts) * len(array), array.shape[1]) for array in arrays]
                stacks = [np.empty(shape, array.dtype) for shape, array in zip(shapes, arrays, strict=True)]
            for stack, array in zip(stacks, arrays, strict=True):
                stack[number, turn :: len(parts)] = array
    names = [f"{name}.{kind}" for kind in (("packed", "scales") if len(stacks) > 1 else ("weight",))]
    return [building.graph.constant(*pair) for pair in zip(names, stacks, strict=True)], kinds.pop()


def _flatten(matrix: QuantizedMatrix) -> list[NDArray[np.uint8] | NDArray[np.float32]]:
    """Levels [rows, bytes] and scales [rows, blocks]."""
    if matrix.num_columns % matrix.block_size:
        raise ValueError(f"experts of {matrix.num_columns} columns do not fill blocks of {matrix.block_size}")
    return [matrix.packed.reshape(len(matrix.packed), -1), matrix.scales]


def _add_shared_expert(building: Building, source: str, normed: str, output: str, name: str) -> str:
    graph = building.graph
    parts = [f"{source}.shared_expert.{part}_proj.weight" for part in ("gate", "up", "down")]
    shared = add_gated_mlp(building, normed, parts, f"{name}.shared")
    row = building.weights.read(f"{source}.shared_expert_gate.weight").reshape(1, -1)
    gate = graph.constant(f"{name}.shared_gate.weight", row)
    score = graph.add("FusedMatMul", [normed, gate], f"{name}.shared_gate", MICROSOFT, transB=1)
    opened = graph.add("Sigmoid", [score], f"{name}.shared_gate.opened")
    weighted = graph.add("Mul", [shared, opened], f"{name}.shared.weighted")
    return graph.add("Add", [output, weighted], f"{name}.mixture")
