"""Tiny decoders with experts and gated delta nets: descriptions, random weights, and logits in float64.

The reference follows the papers (arXiv 2412.06464 for the delta net) and the layout of the published checkpoints, row
by row and expert by expert. It shares no line with the graph builder.
"""

from dataclasses import replace

import numpy as np

from sotto_engine.cancel import CancelFlag
from sotto_engine.model.onnx_model import Model
from sotto_models.decoder.description import DecoderDescription, Experts, LayerKind, LinearAttention
from sotto_models.quantizing.blockwise import dequantize, quantize

HYBRID = (LayerKind.LINEAR_ATTENTION, LayerKind.LINEAR_ATTENTION, LayerKind.ATTENTION)
MOE = DecoderDescription(
    hidden_size=64,
    intermediate_size=96,
    num_layers=2,
    num_heads=4,
    num_kv_heads=2,
    head_dim=32,
    vocab_size=331,
    max_positions=512,
    rope_theta=10_000.0,
    norm_eps=1e-6,
    tied_head=False,
    architecture="qwen3_moe",
    query_key_norm=True,
    experts=Experts(num_experts=4, num_used=2, size=32, normalize=True),
)
NEXT = replace(
    MOE,
    num_layers=3,
    architecture="qwen3_next",
    output_gate=True,
    one_plus_norm=True,
    rotary_dim=16,
    layers=HYBRID,
    experts=Experts(num_experts=4, num_used=2, size=32, normalize=True, shared_size=64),
    linear_attention=LinearAttention(num_key_heads=2, num_value_heads=4, key_dim=16, value_dim=24, kernel_size=4),
)
DENSE_HYBRID = replace(NEXT, architecture="qwen3_5", experts=None, tied_head=True)


class Dictionary:
    """Weights in memory, as the builder reads them."""

    def __init__(self, description, tensors):
        self.description = description
        self.tensors = tensors

    def __contains__(self, name):
        return name in self.tensors

    def read(self, name):
        return self.tensors[name]

    def read_blocks(self, name):
        del name


def make_weights(description, seed=7):
    """By the names of Qwen3-Next's checkpoints, of Qwen3.5's where that is the architecture."""
    random = np.random.default_rng(seed)
    d = description

    def matrix(*shape):
        return (random.standard_normal(shape) * 1.5 / np.sqrt(shape[-1])).astype(np.float32)

    def norm(size, *, plus_one=d.one_plus_norm):
        return (0.2 * random.standard_normal(size) + (0 if plus_one else 1)).astype(np.float32)

    tensors = {
        "model.embed_tokens.weight": matrix(d.vocab_size, d.hidden_size),
        "model.norm.weight": norm(d.hidden_size),
    }
    if not d.tied_head:
        tensors["lm_head.weight"] = matrix(d.vocab_size, d.hidden_size)
    for layer in range(d.num_layers):
        prefix = f"model.layers.{layer}"
        tensors[f"{prefix}.input_layernorm.weight"] = norm(d.hidden_size)
        tensors[f"{prefix}.post_attention_layernorm.weight"] = norm(d.hidden_size)
        if d.layers and d.layers[layer] is LayerKind.LINEAR_ATTENTION:
            tensors |= _make_delta_net(d, f"{prefix}.linear_attn", matrix, norm, random)
        else:
            attention = f"{prefix}.self_attn"
            tensors[f"{attention}.q_proj.weight"] = matrix(d.query_size * (1 + d.output_gate), d.hidden_size)
            tensors[f"{attention}.k_proj.weight"] = matrix(d.kv_size, d.hidden_size)
            tensors[f"{attention}.v_proj.weight"] = matrix(d.kv_size, d.hidden_size)
            tensors[f"{attention}.o_proj.weight"] = matrix(d.hidden_size, d.query_size)
            tensors[f"{attention}.q_norm.weight"] = norm(d.head_dim)
            tensors[f"{attention}.k_norm.weight"] = norm(d.head_dim)
        tensors |= _make_feed_forward(d, f"{prefix}.mlp", matrix)
    return tensors


def _make_delta_net(d, prefix, matrix, norm, random):
    sizes, hidden = d.linear_attention, d.hidden_size
    keys, values = sizes.num_key_heads * sizes.key_dim, sizes.num_value_heads * sizes.value_dim
    if d.architecture == "qwen3_next":
        projections = {"qkvz": 2 * keys + 2 * values, "ba": 2 * sizes.num_value_heads}
    else:
        projections = {"qkv": 2 * keys + values, "z": values, "b": sizes.num_value_heads, "a": sizes.num_value_heads}
    tensors = {f"{prefix}.in_proj_{name}.weight": matrix(size, hidden) for name, size in projections.items()}
    return tensors | {
        f"{prefix}.conv1d.weight": matrix(2 * keys + values, 1, sizes.kernel_size),
        f"{prefix}.A_log": np.log(random.uniform(0.5, 8, sizes.num_value_heads)).astype(np.float32),
        f"{prefix}.dt_bias": random.standard_normal(sizes.num_value_heads).astype(np.float32),
        f"{prefix}.norm.weight": norm(sizes.value_dim, plus_one=False),
        f"{prefix}.out_proj.weight": matrix(hidden, values),
    }


def _make_feed_forward(d, prefix, matrix):
    def mlp(name, size):
        return {
            f"{name}.gate_proj.weight": matrix(size, d.hidden_size),
            f"{name}.up_proj.weight": matrix(size, d.hidden_size),
            f"{name}.down_proj.weight": matrix(d.hidden_size, size),
        }

    if d.experts is None:
        return mlp(prefix, d.intermediate_size)
    tensors = {f"{prefix}.gate.weight": matrix(d.experts.num_experts, d.hidden_size)}
    for number in range(d.experts.num_experts):
        tensors |= mlp(f"{prefix}.experts.{number}", d.experts.size)
    if d.experts.shared_size:
        tensors |= mlp(f"{prefix}.shared_expert", d.experts.shared_size)
        tensors[f"{prefix}.shared_expert_gate.weight"] = matrix(1, d.hidden_size)
    return tensors


def reference_logits(description, tensors, token_ids):
    """Float64 [tokens, vocab]."""
    d = description
    weights = {name: array.astype(np.float64) for name, array in tensors.items()}
    rows = weights["model.embed_tokens.weight"][token_ids]
    for layer in range(d.num_layers):
        prefix = f"model.layers.{layer}"
        normed = _norm(d, rows, weights[f"{prefix}.input_layernorm.weight"])
        is_linear = bool(d.layers) and d.layers[layer] is LayerKind.LINEAR_ATTENTION
        mix = _delta_net if is_linear else _attention
        rows = rows + mix(d, weights, f"{prefix}.{'linear_attn' if is_linear else 'self_attn'}", normed)
        normed = _norm(d, rows, weights[f"{prefix}.post_attention_layernorm.weight"])
        rows = rows + (_mlp if d.experts is None else _mixture)(d, weights, f"{prefix}.mlp", normed)
    head = weights["model.embed_tokens.weight" if d.tied_head else "lm_head.weight"]
    return _norm(d, rows, weights["model.norm.weight"]) @ head.T


def _norm(d, rows, weight, *, plus_one=None):
    weight = weight + (d.one_plus_norm if plus_one is None else plus_one)
    return rows / np.sqrt((rows**2).mean(-1, keepdims=True) + d.norm_eps) * weight


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _silu(x):
    return x * _sigmoid(x)


def _softmax(x):
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def _rotate(d, heads):
    """heads: [tokens, heads, head_dim]; the first rotary_dim dimensions turn, in pairs half of them apart."""
    size = d.rotary_dim or d.head_dim
    angles = np.outer(np.arange(len(heads)), d.rope_theta ** -(np.arange(0, size, 2) / size))[:, None]
    first, second = heads[..., : size // 2], heads[..., size // 2 : size]
    turned = [first * np.cos(angles) - second * np.sin(angles), second * np.cos(angles) + first * np.sin(angles)]
    return np.concatenate([*turned, heads[..., size:]], -1)


def _attention(d, weights, prefix, rows):
    num_rows, group = len(rows), d.num_heads // d.num_kv_heads
    queries = (rows @ weights[f"{prefix}.q_proj.weight"].T).reshape(num_rows, d.num_heads, -1)
    gates = queries[..., d.head_dim :].reshape(num_rows, -1)
    keys = (rows @ weights[f"{prefix}.k_proj.weight"].T).reshape(num_rows, d.num_kv_heads, -1)
    values = (rows @ weights[f"{prefix}.v_proj.weight"].T).reshape(num_rows, d.num_kv_heads, -1)
    queries = _rotate(d, _norm(d, queries[..., : d.head_dim], weights[f"{prefix}.q_norm.weight"]))
    keys = _rotate(d, _norm(d, keys, weights[f"{prefix}.k_norm.weight"]))
    output = np.empty((num_rows, d.num_heads, d.head_dim))
    for head in range(d.num_heads):
        scores = queries[:, head] @ keys[:, head // group].T / np.sqrt(d.head_dim)
        scores = np.where(np.tri(num_rows, dtype=bool), scores, -np.inf)
        output[:, head] = _softmax(scores) @ values[:, head // group]
    output = output.reshape(num_rows, -1)
    return (output * _sigmoid(gates) if d.output_gate else output) @ weights[f"{prefix}.o_proj.weight"].T


def _delta_net(d, weights, prefix, rows):
    sizes, num_rows = d.linear_attention, len(rows)
    group = sizes.num_value_heads // sizes.num_key_heads
    keys, values = sizes.num_key_heads * sizes.key_dim, sizes.num_value_heads * sizes.value_dim
    qkv, gate, b, a = _project(d, weights, prefix, rows)
    kernel = weights[f"{prefix}.conv1d.weight"][:, 0]
    padded = np.concatenate([np.zeros((sizes.kernel_size - 1, qkv.shape[1])), qkv])
    qkv = _silu(np.stack([(padded[t : t + sizes.kernel_size].T * kernel).sum(1) for t in range(num_rows)]))
    query = qkv[:, :keys].reshape(num_rows, sizes.num_key_heads, -1)
    key = qkv[:, keys : 2 * keys].reshape(num_rows, sizes.num_key_heads, -1)
    value = qkv[:, 2 * keys :].reshape(num_rows, sizes.num_value_heads, -1)
    query = query / np.sqrt((query**2).sum(-1, keepdims=True) + 1e-6) / np.sqrt(sizes.key_dim)
    key = key / np.sqrt((key**2).sum(-1, keepdims=True) + 1e-6)
    beta = _sigmoid(b)
    decay = np.exp(-np.exp(weights[f"{prefix}.A_log"]) * np.log1p(np.exp(a + weights[f"{prefix}.dt_bias"])))
    output = np.empty((num_rows, sizes.num_value_heads, sizes.value_dim))
    for head in range(sizes.num_value_heads):
        state = np.zeros((sizes.key_dim, sizes.value_dim))
        for t in range(num_rows):
            k = key[t, head // group]
            state = state * decay[t, head]
            state = state + beta[t, head] * np.outer(k, value[t, head] - k @ state)
            output[t, head] = query[t, head // group] @ state
    output = _norm(d, output, weights[f"{prefix}.norm.weight"], plus_one=0).reshape(num_rows, values)
    return (output * _silu(gate)) @ weights[f"{prefix}.out_proj.weight"].T


def _project(d, weights, prefix, rows):
    """`(queries, keys and values, gates, b, a)` of all heads, from either layout of the projections."""
    sizes, num_rows = d.linear_attention, len(rows)
    if d.architecture != "qwen3_next":
        return [rows @ weights[f"{prefix}.in_proj_{name}.weight"].T for name in ("qkv", "z", "b", "a")]
    group = sizes.num_value_heads // sizes.num_key_heads
    heads = (rows @ weights[f"{prefix}.in_proj_qkvz.weight"].T).reshape(num_rows, sizes.num_key_heads, -1)
    ends = np.cumsum([sizes.key_dim, sizes.key_dim, group * sizes.value_dim])
    q, k, v, z = (part.reshape(num_rows, -1) for part in np.split(heads, ends, axis=-1))
    pairs = (rows @ weights[f"{prefix}.in_proj_ba.weight"].T).reshape(num_rows, sizes.num_key_heads, 2, group)
    b, a = (pairs[:, :, which].reshape(num_rows, -1) for which in (0, 1))
    return np.concatenate([q, k, v], -1), z, b, a


def _mlp(_, weights, prefix, rows):
    gate, up = (rows @ weights[f"{prefix}.{name}_proj.weight"].T for name in ("gate", "up"))
    return (_silu(gate) * up) @ weights[f"{prefix}.down_proj.weight"].T


def _mixture(d, weights, prefix, rows):
    shares = _softmax(rows @ weights[f"{prefix}.gate.weight"].T)
    output = np.zeros_like(rows)
    for t in range(len(rows)):
        chosen = np.argsort(-shares[t])[: d.experts.num_used]
        total = shares[t, chosen].sum() if d.experts.normalize else 1.0
        for expert in chosen:
            row = _mlp(d, weights, f"{prefix}.experts.{expert}", rows[t : t + 1])[0]
            output[t] += shares[t, expert] / total * row
    if d.experts.shared_size:
        gate = _sigmoid(rows @ weights[f"{prefix}.shared_expert_gate.weight"].T)
        output += gate * _mlp(d, weights, f"{prefix}.shared_expert", rows)
    return output


class Uniform:
    """A Scheme: one format for all, another for names that hold a text."""

    def __init__(self, stored, special="", special_format=None):
        self._stored = stored
        self._special = special
        self._special_format = special_format

    def format_of(self, name):
        return self._special_format if self._special and self._special in name else self._stored


_IN_FLOAT = ("mlp.gate.weight", "expert_gate.weight", "in_proj_b.weight", "in_proj_a.weight", "in_proj_ba.weight")
"""Small and decisive, never rounded."""


def round_weights(tensors, scheme):
    """The tensors as the scheme's kernels see them."""
    matrices = [name for name, array in tensors.items() if array.ndim == 2 and not name.endswith(_IN_FLOAT)]
    rounded = dict(tensors)
    for name in matrices:
        wanted = scheme.format_of(name)
        if wanted.bits != 32:
            rounded[name] = dequantize(quantize(tensors[name], wanted.bits, wanted.block_size))
    return rounded


def error_of(logits, reference):
    """Relative, in the Euclidean norm."""
    return np.linalg.norm(logits - reference) / np.linalg.norm(reference)


def run_graph(graph, token_ids, sizes):
    """Logits [tokens, vocab] of passes of these sizes."""
    model, logits = Model(graph, 512, 1), []
    cache = model.new_cache()
    for size in sizes:
        piece = token_ids[len(cache) : len(cache) + size]
        logits.append(model.forward(cache, piece, CancelFlag(), num_logits=len(piece)).copy())
    return np.concatenate(logits)
