"""Tiny models with random weights, of every architecture: as a folder of safetensors and as a GGUF file."""

import json
from dataclasses import dataclass

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Kind
from safetensors.numpy import save_file

import sotto_models

HIDDEN, INNER, LAYERS, HEADS, KV_HEADS, HEAD_DIM = 64, 96, 3, 4, 2, 16
_CONFIGS = {
    "qwen2": {},
    "qwen3": {"head_dim": 32},
    "llama": {"rope_scaling": {"rope_type": "linear", "factor": 2.0}},
    "granite": {
        "embedding_multiplier": 3.0,
        "residual_multiplier": 0.5,
        "attention_multiplier": 0.2,
        "logits_scaling": 4.0,
    },
    "starcoder2": {"norm_epsilon": 1e-5, "sliding_window": None},
}
ARCHITECTURES = tuple(_CONFIGS)
_SCALES = {
    "embedding_multiplier": "embedding_scale",
    "residual_multiplier": "residual_scale",
    "attention_multiplier": "attention.scale",
    "logits_scaling": "logit_scale",
}


@dataclass(frozen=True)
class TinyModel:
    """config: of config.json. tensors: float32 by Hugging Face's names. tokenizer: of tokenizer.json."""

    config: dict
    tensors: dict
    tokenizer: dict

    @property
    def architecture(self):
        return self.config["model_type"]

    @property
    def head_dim(self):
        return self.config.get("head_dim", HIDDEN // HEADS)


def read_tokenizer():
    """The embedded model's: it has control tokens to fill in the middle."""
    return json.loads((sotto_models.embedded_model_dir() / "tokenizer.json").read_text(encoding="utf-8"))


def make_model(architecture, *, tied=True, seed=3):
    dice = np.random.default_rng(seed)
    tokenizer = read_tokenizer()
    vocab_size = len(tokenizer["model"]["vocab"] | {each["content"]: 0 for each in tokenizer["added_tokens"]}) + 5
    config = {
        "model_type": architecture,
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "vocab_size": vocab_size,
        "max_position_embeddings": 512,
        "rope_theta": 10_000.0,
        "rms_norm_eps": 1e-6,
        "eos_token_id": 0,
        **_CONFIGS[architecture],
    }
    head_dim = config.get("head_dim", HEAD_DIM)
    is_starcoder = architecture == "starcoder2"

    def matrix(rows, columns):
        return (dice.standard_normal((rows, columns)) / columns**0.5).astype(np.float32)

    def vector(size, mean=0.0):
        return (mean + 0.1 * dice.standard_normal(size)).astype(np.float32)

    tensors = {"model.embed_tokens.weight": matrix(vocab_size, HIDDEN) * 8}
    if not tied:
        tensors["lm_head.weight"] = matrix(vocab_size, HIDDEN)
    norms = ["model.norm"]
    linear = {"q": HEADS * head_dim, "k": KV_HEADS * head_dim, "v": KV_HEADS * head_dim}
    for layer in range(LAYERS):
        name = f"model.layers.{layer}"
        norms += [f"{name}.input_layernorm", f"{name}.post_attention_layernorm"]
        for part, rows in linear.items():
            tensors[f"{name}.self_attn.{part}_proj.weight"] = matrix(rows, HIDDEN)
            if architecture in ("qwen2", "starcoder2"):
                tensors[f"{name}.self_attn.{part}_proj.bias"] = vector(rows)
        tensors[f"{name}.self_attn.o_proj.weight"] = matrix(HIDDEN, HEADS * head_dim)
        if architecture == "qwen3":
            for part in "qk":
                tensors[f"{name}.self_attn.{part}_norm.weight"] = vector(head_dim, 1.0)
        inner = ("c_fc",) if is_starcoder else ("gate_proj", "up_proj")
        outer = "c_proj" if is_starcoder else "down_proj"
        for part in inner:
            tensors[f"{name}.mlp.{part}.weight"] = matrix(INNER, HIDDEN)
        tensors[f"{name}.mlp.{outer}.weight"] = matrix(HIDDEN, INNER)
        if is_starcoder:
            tensors[f"{name}.self_attn.o_proj.bias"] = vector(HIDDEN)
            tensors[f"{name}.mlp.c_fc.bias"] = vector(INNER)
            tensors[f"{name}.mlp.c_proj.bias"] = vector(HIDDEN)
    for norm in norms:
        tensors[f"{norm}.weight"] = vector(HIDDEN, 1.0)
        if is_starcoder:
            tensors[f"{norm}.bias"] = vector(HIDDEN)
    return TinyModel(config, tensors, tokenizer)


def write_safetensors(model, folder, *, num_files=1):
    folder.mkdir(parents=True)
    names = sorted(model.tensors)
    for number in range(num_files):
        part = {name: model.tensors[name] for name in names[number::num_files]}
        save_file(part, folder / f"model-{number + 1:05}-of-{num_files:05}.safetensors")
    (folder / "config.json").write_text(json.dumps(model.config))
    (folder / "tokenizer.json").write_text(json.dumps(model.tokenizer))
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A model\n")
    return folder


def write_gguf(model, path, kind=Kind.F32, *, change=lambda writer: None, template="", name="tiny", **fields):
    """kind: of the matrices. change: may add to the writer before it writes. fields: `general.*` texts."""
    architecture = model.architecture
    writer = gguf.GGUFWriter(path, architecture)
    config = model.config
    writer.add_name(name)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(model.head_dim)
    writer.add_rope_freq_base(config["rope_theta"])
    if architecture == "starcoder2":
        writer.add_layer_norm_eps(config["norm_epsilon"])
    else:
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    if scaling := config.get("rope_scaling"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(scaling["rope_type"]))
        writer.add_rope_scaling_factor(scaling["factor"])
    for ours, theirs in _SCALES.items():
        if ours in config:
            writer.add_float32(f"{architecture}.{theirs}", config[ours])
    for key, value in fields.items():
        writer.add_string(f"general.{key}", value)
    add_tokenizer(writer, model.tokenizer, config["vocab_size"], template)
    names = gguf.get_tensor_name_map(
        next(each for each, text in gguf.MODEL_ARCH_NAMES.items() if text == architecture), LAYERS
    )
    for hf_name, tensor in model.tensors.items():
        stored = names.get_name(hf_name, try_suffixes=(".weight", ".bias"))
        as_kind = kind if tensor.ndim == 2 else Kind.F32
        placed = as_stored(tensor, hf_name, architecture)
        writer.add_tensor(stored, quantize(placed, as_kind), raw_dtype=as_kind)
    change(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def add_tokenizer(writer, tokenizer, vocab_size, template=""):
    tokens = [f"[PAD{number}]" for number in range(vocab_size)]
    types = [gguf.TokenType.UNUSED] * vocab_size
    added = {each["content"]: each["id"] for each in tokenizer["added_tokens"]}
    for token, number in (tokenizer["model"]["vocab"] | added).items():
        tokens[number] = token
        types[number] = gguf.TokenType.CONTROL if token in added else gguf.TokenType.NORMAL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    merges = tokenizer["model"]["merges"]
    writer.add_token_merges([each if isinstance(each, str) else " ".join(each) for each in merges])
    writer.add_eos_token_id(0)
    if template:
        writer.add_chat_template(template)


def as_stored(tensor, name, architecture):
    """llama.cpp stores Llama's queries and keys so that pairs that turn together are neighbours."""
    num_heads = HEADS if "q_proj" in name else KV_HEADS if "k_proj" in name else 0
    if not num_heads or architecture not in ("llama", "granite"):
        return tensor
    shape = tensor.shape
    return np.ascontiguousarray(
        tensor.reshape(num_heads, 2, shape[0] // num_heads // 2, *shape[1:]).swapaxes(1, 2).reshape(shape)
    )


def quantize(tensor, kind):
    """As the package gguf does; kinds that it only reads get random blocks of fitting sizes."""
    try:
        return gguf.quants.quantize(tensor, kind)
    except NotImplementedError:
        block_size, nbytes = gguf.GGML_QUANT_SIZES[kind]
        dice = np.random.default_rng(1)
        return random_blocks(kind, tensor.shape[0], tensor.shape[1] // block_size, nbytes, dice)


def random_blocks(kind, num_rows, num_blocks, nbytes, dice):
    """uint8 [rows, bytes of a row] whose float16 scales are small numbers."""
    blocks = dice.integers(0, 256, (num_rows, num_blocks, nbytes), np.uint8)
    scale = np.frombuffer(np.float16(0.01).tobytes(), np.uint8)
    for at in _SCALES_AT[kind]:
        blocks[:, :, at : at + 2] = scale
    return blocks.reshape(num_rows, -1)


_SCALES_AT = {Kind.Q2_K: (80, 82), Kind.Q3_K: (108,), Kind.Q4_K: (0, 2), Kind.Q5_K: (0, 2), Kind.Q6_K: (208,)}
