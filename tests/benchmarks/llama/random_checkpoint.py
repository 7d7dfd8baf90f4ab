"""A checkpoint in the shape of Qwen2.5-Coder with random weights, for the times that do not depend on them.

make bench NAME=checkpoint ARGS="0.5b TOKENIZER_DIR OUTPUT"
PYTHONPATH=onnx_models .venv/bin/python -m recipe.export.gguf OUTPUT FILE.gguf --type q4_0 --pre-tokenizer qwen2
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

SHAPES = {
    "0.5b": {
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
    },
    "1.5b": {
        "hidden_size": 1536,
        "intermediate_size": 8960,
        "num_hidden_layers": 28,
        "num_attention_heads": 12,
    },
}
_COMMON = {
    "vocab_size": 151936,
    "num_key_value_heads": 2,
    "max_position_embeddings": 32768,
    "rope_theta": 1e6,
    "tie_word_embeddings": True,
    "eos_token_id": 151643,
    "bos_token_id": 151643,
}
_SPREAD = 0.02
"""Standard deviation of the weights, as transformers starts a training."""


def weights(config: dict[str, int]) -> dict[str, torch.Tensor]:
    """Named as transformers names them; matrices bfloat16 `[out, in]`, norms 1, biases 0."""
    hidden, wide = config["hidden_size"], config["intermediate_size"]
    keys = hidden // config["num_attention_heads"] * config["num_key_value_heads"]
    shapes = {
        "self_attn.q_proj": (hidden, hidden),
        "self_attn.k_proj": (keys, hidden),
        "self_attn.v_proj": (keys, hidden),
        "self_attn.o_proj": (hidden, hidden),
        "mlp.gate_proj": (wide, hidden),
        "mlp.up_proj": (wide, hidden),
        "mlp.down_proj": (hidden, wide),
    }
    named = {"model.embed_tokens.weight": _random(config["vocab_size"], hidden)}
    for number in range(config["num_hidden_layers"]):
        layer = f"model.layers.{number}"
        for name, (rows, columns) in shapes.items():
            named[f"{layer}.{name}.weight"] = _random(rows, columns)
            if name[-6] in "qkv":
                named[f"{layer}.{name}.bias"] = torch.zeros(rows)
        for norm in ("input_layernorm", "post_attention_layernorm"):
            named[f"{layer}.{norm}.weight"] = torch.ones(hidden)
    return named | {"model.norm.weight": torch.ones(hidden)}


def _random(rows: int, columns: int) -> torch.Tensor:
    return (torch.randn(rows, columns) * _SPREAD).to(torch.bfloat16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("tokenizer", type=Path, help="folder with Qwen2.5's tokenizer.json")
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    config = {**_COMMON, **SHAPES[options.shape]}
    torch.manual_seed(0)
    options.output.mkdir(parents=True, exist_ok=True)
    save_file(weights(config), options.output / "model.safetensors")
    shutil.copy(options.tokenizer / "tokenizer.json", options.output)
    more = {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "rms_norm_eps": 1e-6}
    (options.output / "config.json").write_text(json.dumps(config | more), encoding="utf-8")
