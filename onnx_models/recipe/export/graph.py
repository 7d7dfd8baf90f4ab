"""Builds the ONNX graph of a Qwen2-style decoder node by node, in the operators that onnxruntime fuses to.

Inputs   input_ids int64 [1, S]; attention_mask int64 [1, past + S], all ones; num_logits int64 [1];
         past_key_values.{i}.key|value float32 [1, kv_heads, past, head_dim]
Outputs  logits float32 [1, num_logits, vocab]; present.{i}.key|value
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from recipe.export.decoder_config import DecoderConfig, Weights
from recipe.export.quantize import Scheme
from sotto_models.quantizing.blockwise import QuantizedMatrix, quantize

_MICROSOFT = "com.microsoft"
# Activations are quantized to int8 inside the kernel.
_ACCURACY_LEVEL = 4


class _Nodes:
    """Collects nodes and initializers; every method returns the name of its (first) output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        self.matrices: dict[str, QuantizedMatrix] = {}

    def constant(self, name: str, array: NDArray) -> str:
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def quantized(self, name: str, array: NDArray[np.float32], bits: int, block_size: int) -> QuantizedMatrix:
        """Stores the matrix as {name}.packed and {name}.scales, once."""
        if name not in self.matrices:
            matrix = self.matrices[name] = quantize(array, bits, block_size)
            self.constant(f"{name}.packed", matrix.packed)
            self.constant(f"{name}.scales", matrix.scales)
        return self.matrices[name]

    def add(self, op: str, inputs: list[str], output: str, domain: str = "", **attributes) -> str:
        return self.add_many(op, inputs, [output], domain, **attributes)[0]

    def add_many(self, op: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes) -> list[str]:
        name = next(output for output in outputs if output)
        self.nodes.append(helper.make_node(op, inputs, outputs, name=f"{name}/{op}", domain=domain, **attributes))
        return outputs


def build_graph(config: DecoderConfig, weights: Weights, scheme: Scheme) -> onnx.ModelProto:
    """The whole model; `scheme` says how matrices are stored, `config.max_positions` how far the rotary table
    goes."""
    nodes = _Nodes()
    first_row = _count_positions(nodes)
    _rotary_tables(nodes, config)
    hidden = _embedding(nodes, config, weights, scheme)
    normed = nodes.add(
        "SimplifiedLayerNormalization",
        [hidden, nodes.constant("layers.0.input_norm", weights["model.layers.0.input_layernorm.weight"])],
        "layers.0.normed",
        axis=-1,
        epsilon=config.rms_norm_eps,
    )
    for layer in range(config.num_layers):
        prefix = f"model.layers.{layer}"
        attended = _attention(nodes, config, weights, scheme, layer, normed)
        if layer == config.num_layers - 1:
            # After the last attention a row feeds nothing but its own logits: rows without logits are dropped
            # here rather than before the head, which saves a prefill slice most of a layer.
            attended, hidden = (_last_rows(nodes, rows, first_row) for rows in (attended, hidden))
        output = _linear(nodes, attended, [weights[f"{prefix}.self_attn.o_proj.weight"]], f"layers.{layer}.o", scheme)
        normed, hidden = _add_and_norm(
            nodes,
            config,
            output,
            hidden,
            weights[f"{prefix}.post_attention_layernorm.weight"],
            f"layers.{layer}.mlp",
        )
        output = _mlp(nodes, config, weights, scheme, layer, normed)
        following = f"model.layers.{layer + 1}.input_layernorm.weight"
        norm = weights[following if following in weights else "model.norm.weight"]
        normed, hidden = _add_and_norm(nodes, config, output, hidden, norm, f"layers.{layer + 1}.input")
    _head(nodes, config, weights, scheme, normed)
    return _model(nodes, config)


def _count_positions(nodes: _Nodes) -> str:
    """seqlens_k and total_length for attention; returns the name of the first row whose logits are wanted."""
    one = nodes.constant("one", np.array([1], np.int64))
    ones = nodes.add("ReduceSum", ["attention_mask", one], "num_ones", keepdims=0)
    nodes.add("Cast", [nodes.add("Sub", [ones, one], "last_position")], "seqlens_k", to=TensorProto.INT32)
    length = nodes.add("Shape", ["attention_mask"], "mask_length", start=1, end=2)
    scalar = nodes.add("Squeeze", [length], "mask_length_scalar")
    nodes.add("Cast", [scalar], "total_length", to=TensorProto.INT32)
    num_rows = nodes.add("Shape", ["input_ids"], "num_rows", start=1, end=2)
    return nodes.add("Sub", [num_rows, "num_logits"], "first_logits_row")


def _rotary_tables(nodes: _Nodes, config: DecoderConfig) -> None:
    half = np.arange(0, config.head_dim, 2, dtype=np.float64) / config.head_dim
    angles = np.outer(np.arange(config.max_positions, dtype=np.float64), config.rope_theta**-half)
    nodes.constant("cos_cache", np.cos(angles).astype(np.float32))
    nodes.constant("sin_cache", np.sin(angles).astype(np.float32))


def _embedding(nodes: _Nodes, config: DecoderConfig, weights: Weights, scheme: Scheme) -> str:
    table = weights["model.embed_tokens.weight"]
    if scheme.head_bits == 32:
        return nodes.add("Gather", [nodes.constant("embedding", table), "input_ids"], "embedded", axis=0)
    # A tied head multiplies by this very table: MatMulNBits reads the same blob, so it is stored once.
    matrix = nodes.quantized("embedding", table, scheme.head_bits, scheme.head_block_size)
    # The gather wants the scales in the blob's three dimensions, MatMulNBits in two; folded at load.
    axis = nodes.constant("axis_2", np.array([2], np.int64))
    scales = nodes.add("Unsqueeze", ["embedding.scales", axis], "embedding.scales_3d")
    blocks = nodes.add(
        "GatherBlockQuantized",
        ["embedding.packed", "input_ids", scales],
        "embedded_blocks",
        _MICROSOFT,
        bits=matrix.bits,
        block_size=matrix.block_size,
        gather_axis=0,
        quantize_axis=2,
    )
    padded_size = matrix.scales.shape[1] * matrix.block_size
    shape = nodes.constant("padded_shape", np.array([0, 0, padded_size], np.int64))
    embedded = nodes.add("Reshape", [blocks, shape], "embedded")
    if padded_size == config.hidden_size:
        return embedded
    zero = nodes.constant("zero", np.array([0], np.int64))
    end = nodes.constant("hidden_size", np.array([config.hidden_size], np.int64))
    return _slice(nodes, embedded, zero, end, 2)


def _attention(
    nodes: _Nodes, config: DecoderConfig, weights: Weights, scheme: Scheme, layer: int, normed: str
) -> str:
    source = f"model.layers.{layer}.self_attn"
    parts = [f"{source}.{part}_proj" for part in "qkv"]
    biases = [weights[f"{part}.bias"] for part in parts if f"{part}.bias" in weights]
    packed = _linear(
        nodes,
        normed,
        [weights[f"{part}.weight"] for part in parts],
        f"layers.{layer}.qkv",
        scheme,
        bias=np.concatenate(biases) if biases else None,
    )
    return nodes.add_many(
        "GroupQueryAttention",
        [
            packed,
            "",
            "",
            f"past_key_values.{layer}.key",
            f"past_key_values.{layer}.value",
            "seqlens_k",
            "total_length",
            "cos_cache",
            "sin_cache",
        ],
        [f"layers.{layer}.attended", f"present.{layer}.key", f"present.{layer}.value"],
        _MICROSOFT,
        num_heads=config.num_heads,
        kv_num_heads=config.num_kv_heads,
        do_rotary=1,
        rotary_interleaved=0,
    )[0]


def _mlp(nodes: _Nodes, config: DecoderConfig, weights: Weights, scheme: Scheme, layer: int, normed: str) -> str:
    source, name = f"model.layers.{layer}.mlp", f"layers.{layer}"
    fused = _linear(
        nodes,
        normed,
        [weights[f"{source}.gate_proj.weight"], weights[f"{source}.up_proj.weight"]],
        f"{name}.gate_up",
        scheme,
    )
    gate, up = nodes.add_many("Split", [fused], [f"{name}.gate", f"{name}.up"], axis=-1, num_outputs=2)
    # QuickGelu with alpha 1 is x * sigmoid(x), the SiLU of the papers, in one pass over memory.
    silu = nodes.add("QuickGelu", [gate], f"{name}.silu", _MICROSOFT, alpha=1.0)
    product = nodes.add("Mul", [silu, up], f"{name}.gated")
    return _linear(nodes, product, [weights[f"{source}.down_proj.weight"]], f"{name}.down", scheme)


def _head(nodes: _Nodes, config: DecoderConfig, weights: Weights, scheme: Scheme, normed: str) -> None:
    tied = config.tied_head
    name, table = (
        "embedding" if tied else "head",
        weights["model.embed_tokens.weight" if tied else "lm_head.weight"],
    )
    if scheme.head_bits == 32:
        nodes.add("FusedMatMul", [normed, nodes.constant(name, table)], "logits", _MICROSOFT, transB=1)
    else:
        matrix = nodes.quantized(name, table, scheme.head_bits, scheme.head_block_size)
        _matmul_nbits(nodes, normed, matrix, name, "logits", [])


def _linear(
    nodes: _Nodes,
    rows: str,
    matrices: list[NDArray[np.float32]],
    name: str,
    scheme: Scheme,
    bias: NDArray[np.float32] | None = None,
) -> str:
    """rows [1, S, input] times the matrices [output, input], stacked along the output, plus the bias."""
    matrix = np.concatenate(matrices)
    biases = [nodes.constant(f"{name}.bias", bias)] if bias is not None else []
    if scheme.bits == 32:
        constant = nodes.constant(f"{name}.weight", matrix)
        product = nodes.add("FusedMatMul", [rows, constant], f"{name}.product", _MICROSOFT, transB=1)
        return nodes.add("Add", [product, *biases], f"{name}.out") if biases else product
    stored = nodes.quantized(name, matrix, scheme.bits, scheme.block_size)
    return _matmul_nbits(nodes, rows, stored, name, f"{name}.out", biases)


def _matmul_nbits(
    nodes: _Nodes, rows: str, matrix: QuantizedMatrix, name: str, output: str, biases: list[str]
) -> str:
    inputs = [rows, f"{name}.packed", f"{name}.scales"]
    return nodes.add(
        "MatMulNBits",
        [*inputs, "", "", *biases] if biases else inputs,
        output,
        _MICROSOFT,
        N=len(matrix.packed),
        K=matrix.num_columns,
        bits=matrix.bits,
        block_size=matrix.block_size,
        accuracy_level=_ACCURACY_LEVEL,
    )


def _add_and_norm(
    nodes: _Nodes, config: DecoderConfig, output: str, hidden: str, norm: NDArray[np.float32], name: str
) -> tuple[str, str]:
    """The residual sum and its RMS norm; returns (normed, sum)."""
    outputs = nodes.add_many(
        "SkipSimplifiedLayerNormalization",
        [output, hidden, nodes.constant(f"{name}_norm", norm)],
        [f"{name}.normed", "", "", f"{name}.sum"],
        _MICROSOFT,
        epsilon=config.rms_norm_eps,
    )
    return outputs[0], outputs[3]


def _last_rows(nodes: _Nodes, rows: str, first_row: str) -> str:
    return _slice(nodes, rows, first_row, nodes.constant("end", np.array([np.iinfo(np.int64).max], np.int64)), 1)


def _slice(nodes: _Nodes, rows: str, start: str, end: str, axis: int) -> str:
    axes = nodes.constant(f"axis_{axis}", np.array([axis], np.int64))
    return nodes.add("Slice", [rows, start, end, axes], f"{rows}.slice")


def _model(nodes: _Nodes, config: DecoderConfig) -> onnx.ModelProto:
    value = helper.make_tensor_value_info
    past = [1, config.num_kv_heads, "past_length", config.head_dim]
    total = [1, config.num_kv_heads, "total_length", config.head_dim]
    slots = [f"{layer}.{kind}" for layer in range(config.num_layers) for kind in ("key", "value")]
    graph = helper.make_graph(
        nodes.nodes,
        "decoder",
        [
            value("input_ids", TensorProto.INT64, [1, "num_rows"]),
            value("attention_mask", TensorProto.INT64, [1, "total_length"]),
            value("num_logits", TensorProto.INT64, [1]),
            *(value(f"past_key_values.{slot}", TensorProto.FLOAT, past) for slot in slots),
        ],
        [
            value("logits", TensorProto.FLOAT, [1, "num_logits", config.vocab_size]),
            *(value(f"present.{slot}", TensorProto.FLOAT, total) for slot in slots),
        ],
        list(nodes.initializers.values()),
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(_MICROSOFT, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="sotto")
