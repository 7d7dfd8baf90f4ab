"""The same decoders in plain numpy, float64 and without a cache: what a graph is compared with."""

import numpy as np


def reference_logits(model, input_ids, tensors=None):
    """float64 [S, vocab]. tensors: others than the model's, as after a quantization."""
    config = model.config
    given = model.tensors if tensors is None else tensors
    weights = {name: each.astype(np.float64) for name, each in given.items()} if isinstance(given, dict) else given
    eps = config.get("norm_epsilon", config["rms_norm_eps"])
    is_layer_norm = model.architecture == "starcoder2"

    def norm(rows, name):
        if is_layer_norm:
            rows = rows - rows.mean(-1, keepdims=True)
        scaled = rows / np.sqrt((rows**2).mean(-1, keepdims=True) + eps) * weights[f"{name}.weight"]
        return scaled + weights.get(f"{name}.bias", 0)

    def linear(rows, name):
        return rows @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", 0)

    hidden = weights["model.embed_tokens.weight"][input_ids] * config.get("embedding_multiplier", 1.0)
    scale = config.get("residual_multiplier", 1.0)
    for layer in range(config["num_hidden_layers"]):
        name = f"model.layers.{layer}"
        hidden = hidden + scale * _attend(model, norm(hidden, f"{name}.input_layernorm"), name, linear, weights)
        rows = norm(hidden, f"{name}.post_attention_layernorm")
        if is_layer_norm:
            inner = _gelu(linear(rows, f"{name}.mlp.c_fc"))
            hidden = hidden + linear(inner, f"{name}.mlp.c_proj")
        else:
            inner = _silu(linear(rows, f"{name}.mlp.gate_proj")) * linear(rows, f"{name}.mlp.up_proj")
            hidden = hidden + scale * linear(inner, f"{name}.mlp.down_proj")
    head = weights["lm_head.weight" if "lm_head.weight" in weights else "model.embed_tokens.weight"]
    return norm(hidden, "model.norm") @ head.T / config.get("logits_scaling", 1.0)


def _attend(model, rows, name, linear, weights):
    config, head_dim = model.config, model.head_dim
    groups = config["num_attention_heads"] // config["num_key_value_heads"]

    def heads(part):
        return linear(rows, f"{name}.self_attn.{part}_proj").reshape(len(rows), -1, head_dim)

    query, key, value = heads("q"), heads("k"), heads("v")
    if f"{name}.self_attn.q_norm.weight" in weights:
        query, key = (
            _head_norm(each, weights[f"{name}.self_attn.{part}_norm.weight"], config)
            for each, part in ((query, "q"), (key, "k"))
        )
    query, key = _rotate(query, config, head_dim), _rotate(key, config, head_dim)
    key, value = np.repeat(key, groups, 1), np.repeat(value, groups, 1)
    scores = np.einsum("shd,thd->hst", query, key) * config.get("attention_multiplier", head_dim**-0.5)
    scores = np.where(np.tril(np.ones(scores.shape[1:], bool)), scores, -np.inf)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    mixed = np.einsum("hst,thd->shd", shares, value).reshape(len(rows), -1)
    return linear(mixed, f"{name}.self_attn.o_proj")


def _head_norm(heads, weight, config):
    return heads / np.sqrt((heads**2).mean(-1, keepdims=True) + config["rms_norm_eps"]) * weight


def _rotate(heads, config, head_dim):
    """Pairs stand half a head apart."""
    half = config["rope_theta"] ** -(np.arange(0, head_dim, 2) / head_dim)
    angles = np.arange(len(heads))[:, None, None] * half / config.get("rope_scaling", {}).get("factor", 1.0)
    cos, sin = np.cos(angles), np.sin(angles)
    if config.get("is_interleaved"):  # as llama.cpp stores Llama: pairs are neighbours
        low, high = heads[..., 0::2], heads[..., 1::2]
        return np.stack((low * cos - high * sin, high * cos + low * sin), -1).reshape(heads.shape)
    low, high = np.split(heads, 2, axis=-1)
    return np.concatenate((low * cos - high * sin, high * cos + low * sin), -1)


def _silu(rows):
    return rows / (1 + np.exp(-rows))


def _gelu(rows):
    return rows * (1 + np.tanh(np.sqrt(2 / np.pi) * (rows + 0.044715 * rows**3))) / 2
