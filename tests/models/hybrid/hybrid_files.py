"""The tiny decoders with experts and delta nets as the files that people have: safetensors of the hub, and GGUF.

Layouts after the published checkpoints and llama.cpp's converter: stacked experts, wrapped names, reordered heads.
"""

import json
import re
from dataclasses import replace

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Kind
from safetensors.numpy import save_file

from models.hybrid.hybrid_decoder import DENSE_HYBRID, MOE, NEXT, make_weights
from models.importing.tiny import add_tokenizer, read_tokenizer
from sotto_models.decoder.description import LayerKind

TOKENIZER = read_tokenizer()
VOCAB_SIZE = len(TOKENIZER["model"]["vocab"] | {each["content"]: 0 for each in TOKENIZER["added_tokens"]}) + 5
DECODERS = {
    each.architecture: replace(each, vocab_size=VOCAB_SIZE)
    for each in (MOE, NEXT, DENSE_HYBRID, replace(NEXT, architecture="qwen3_5_moe"))
}
_GGUF_NAMES = {"qwen3_moe": "qwen3moe", "qwen3_next": "qwen3next", "qwen3_5": "qwen35", "qwen3_5_moe": "qwen35moe"}
_EXPERT = re.compile(r"(.*\.mlp\.experts)\.(\d+)\.(\w+_proj)\.weight")


def tile(description, tensors):
    """Value heads as llama.cpp's converter orders those of Qwen3.5: the first of every key head, then the second."""
    sizes = description.linear_attention
    order = np.arange(sizes.num_value_heads).reshape(sizes.num_key_heads, -1).T.reshape(-1)
    channels = np.arange(sizes.num_value_heads * sizes.value_dim).reshape(-1, sizes.value_dim)[order].reshape(-1)
    query_key = np.arange(2 * sizes.num_key_heads * sizes.key_dim)
    behind = np.concatenate([query_key, len(query_key) + channels])
    orders = {
        "in_proj_qkv.weight": behind, "conv1d.weight": behind, "in_proj_z.weight": channels,
        "in_proj_b.weight": order, "in_proj_a.weight": order, "A_log": order, "dt_bias": order,
    }  # fmt: skip
    moved = dict(tensors)
    for name, array in tensors.items():
        part = name.partition("linear_attn.")[2]
        if part in orders:
            moved[name] = array[orders[part]]
        elif part == "out_proj.weight":
            moved[name] = array[:, channels]
    return moved


def make_config(description):
    """Of config.json; for Qwen3.5 within that of a model that also sees."""
    d = description
    config = {
        "model_type": d.architecture,
        "hidden_size": d.hidden_size,
        "intermediate_size": d.intermediate_size,
        "num_hidden_layers": d.num_layers,
        "num_attention_heads": d.num_heads,
        "num_key_value_heads": d.num_kv_heads,
        "head_dim": d.head_dim,
        "vocab_size": d.vocab_size,
        "max_position_embeddings": d.max_positions,
        "rope_theta": d.rope_theta,
        "rms_norm_eps": d.norm_eps,
        "eos_token_id": 0,
        "norm_topk_prob": True,
    }
    if d.experts:
        config |= {"num_experts": d.experts.num_experts, "num_experts_per_tok": d.experts.num_used}
        config |= {"moe_intermediate_size": d.experts.size, "shared_expert_intermediate_size": d.experts.shared_size}
    if d.linear_attention:
        sizes = d.linear_attention
        config |= {
            "linear_num_key_heads": sizes.num_key_heads,
            "linear_num_value_heads": sizes.num_value_heads,
            "linear_key_head_dim": sizes.key_dim,
            "linear_value_head_dim": sizes.value_dim,
            "linear_conv_kernel_dim": sizes.kernel_size,
            "full_attention_interval": d.num_layers,
            "partial_rotary_factor": d.rotary_dim / d.head_dim,
        }
    if not d.architecture.startswith("qwen3_5"):
        return config
    rotary = {name: config.pop(name) for name in ("rope_theta", "partial_rotary_factor")}
    kinds = ["full_attention" if kind is LayerKind.ATTENTION else "linear_attention" for kind in d.layers]
    rotary |= {"rope_type": "default", "mrope_section": [4, 2, 2], "mrope_interleaved": True}
    text = config | {"model_type": f"{d.architecture}_text", "layer_types": kinds, "rope_parameters": rotary}
    return {"model_type": d.architecture, "text_config": text, "tie_word_embeddings": d.tied_head}


def write_safetensors(description, tensors, folder):
    folder.mkdir(parents=True)
    if description.architecture == "qwen3_5_moe":
        tensors = _stack(tensors, {"gate_up_proj": ("gate_proj", "up_proj"), "down_proj": ("down_proj",)}, "")
    if description.architecture.startswith("qwen3_5"):
        tensors = {name.replace("model.", "model.language_model.", 1): each for name, each in tensors.items()}
        tensors["model.visual.patch_embed.proj.weight"] = np.ones((4, 4), np.float32)
        tensors["mtp.norm.weight"] = np.ones(4, np.float32)
    save_file({name: np.ascontiguousarray(each) for name, each in tensors.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(make_config(description)))
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER))
    return folder


def _stack(tensors, parts_of, ending):
    """Experts of a layer in one tensor a part, or for several parts."""
    stacked, experts = {}, {}
    for name, array in tensors.items():
        if match := _EXPERT.fullmatch(name):
            experts.setdefault(match[1], {}).setdefault(int(match[2]), {})[match[3]] = array
        else:
            stacked[name] = array
    for prefix, by_number in experts.items():
        for stack, parts in parts_of.items():
            rows = [np.concatenate([by_number[number][part] for part in parts]) for number in sorted(by_number)]
            stacked[f"{prefix}.{stack}{ending}"] = np.stack(rows)
    return stacked


def write_gguf(description, tensors, path, kind=Kind.F32, *, fused=False, num_drafting=0):
    """kind: of the matrices of layers. fused: gates and ups of experts in one tensor."""
    d, name = description, _GGUF_NAMES[description.architecture]
    writer = gguf.GGUFWriter(path, name)
    writer.add_name("tiny")
    writer.add_context_length(d.max_positions)
    writer.add_embedding_length(d.hidden_size)
    writer.add_block_count(d.num_layers + num_drafting)
    writer.add_head_count(d.num_heads)
    writer.add_head_count_kv(d.num_kv_heads)
    writer.add_key_length(d.head_dim)
    writer.add_rope_freq_base(d.rope_theta)
    writer.add_rope_dimension_count(d.rotary_dim or d.head_dim)
    writer.add_layer_norm_rms_eps(d.norm_eps)
    if num_drafting:
        writer.add_uint32(f"{name}.nextn_predict_layers", num_drafting)
    if d.experts:
        writer.add_expert_count(d.experts.num_experts)
        writer.add_expert_used_count(d.experts.num_used)
        writer.add_expert_feed_forward_length(d.experts.size)
        if d.experts.shared_size:
            writer.add_expert_shared_feed_forward_length(d.experts.shared_size)
    else:
        writer.add_feed_forward_length(d.intermediate_size)
    if d.linear_attention:
        sizes = d.linear_attention
        writer.add_ssm_conv_kernel(sizes.kernel_size)
        writer.add_ssm_state_size(sizes.key_dim)
        writer.add_ssm_group_count(sizes.num_key_heads)
        writer.add_ssm_time_step_rank(sizes.num_value_heads)
        writer.add_ssm_inner_size(sizes.num_value_heads * sizes.value_dim)
        writer.add_uint32(f"{name}.full_attention_interval", d.num_layers)
    add_tokenizer(writer, TOKENIZER, d.vocab_size)
    names = gguf.get_tensor_name_map(
        next(each for each, text in gguf.MODEL_ARCH_NAMES.items() if text == name), d.num_layers + num_drafting
    )
    for hf_name, tensor in _convert(d, tensors, fused=fused).items():
        stored = names.get_name(hf_name, try_suffixes=(".weight", ".bias"))
        is_matrix = tensor.ndim > 1 and tensor.shape[-1] % 32 == 0 and "mlp.gate." not in hf_name
        as_kind = kind if is_matrix else Kind.F32
        data = np.ascontiguousarray(tensor)
        writer.add_tensor(stored, gguf.quants.quantize(data, as_kind), raw_dtype=as_kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _convert(description, tensors, *, fused):
    """What llama.cpp's converter does to the tensors."""
    stacks = (
        {"gate_up_proj": ("gate_proj", "up_proj")} if fused else {each: (each,) for each in ("gate_proj", "up_proj")}
    )
    tensors = _stack(tensors, stacks | {"down_proj": ("down_proj",)}, ".weight")
    if description.architecture.startswith("qwen3_5"):
        tensors = tile(description, tensors)
    converted = {}
    for name, tensor in tensors.items():
        if name.endswith("in_proj_qkvz.weight"):
            sizes = description.linear_attention
            values = sizes.num_value_heads // sizes.num_key_heads * sizes.value_dim
            heads = tensor.reshape(sizes.num_key_heads, -1, tensor.shape[1])
            parts = np.split(heads, np.cumsum([sizes.key_dim, sizes.key_dim, values]), axis=1)
            q, k, v, z = (part.reshape(-1, tensor.shape[1]) for part in parts)
            converted[name.replace("qkvz", "qkv")] = np.concatenate([q, k, v])
            converted[name.replace("qkvz", "z")] = z
        elif name.endswith("A_log"):
            converted[name] = -np.exp(tensor)
        elif name.endswith("dt_bias"):
            converted[name.replace("dt_bias", "dt_proj.bias")] = tensor
        elif "conv1d" in name or "shared_expert_gate" in name:
            converted[name] = tensor.squeeze()
        elif description.one_plus_norm and name.endswith("norm.weight") and "linear_attn.norm" not in name:
            converted[name] = tensor + 1
        else:
            converted[name] = tensor
    return converted


def make_decoder(architecture):
    """`(description, tensors)`."""
    return DECODERS[architecture], make_weights(DECODERS[architecture])
