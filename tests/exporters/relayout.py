"""A Qwen3-Next checkpoint with its weights laid out as Qwen3.5-MoE, which onnxruntime-genai's builder exports.

    ENV/bin/python tests/exporters/relayout.py QWEN3_NEXT_DIR OUT

Both compute the same; only names and the order of rows in two projections differ, so nothing is lost. One shard is
held in memory at a time. The vision part that Qwen3.5-MoE has is tiny and of no use. Needs safetensors and torch.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

VISION = {"depth": 1, "hidden_size": 32, "intermediate_size": 32, "num_heads": 2}
DROPPED = ("architectures", "model_type", "decoder_sparse_step", "mlp_only_layers", "norm_topk_prob")


def relayout(source: Path, output: Path) -> None:
    """Raises ValueError for a model that the other architecture cannot express."""
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    new_config = _config(config)
    output.mkdir(parents=True, exist_ok=True)
    (output / "config.json").write_text(json.dumps(new_config, indent=2), encoding="utf-8")
    places: dict[str, str] = {}
    for shard in sorted(source.glob("*.safetensors")):
        with safe_open(shard, "pt") as file:
            names: list[str] = list(file.keys())
            tensors = dict(pair for name in names for pair in _renamed(name, file.get_tensor(name), config))
        save_file(tensors, output / shard.name, {"format": "pt"})
        places |= dict.fromkeys(tensors, shard.name)
    if (source / "model.safetensors.index.json").exists():
        index = json.dumps({"metadata": {}, "weight_map": places})
        (output / "model.safetensors.index.json").write_text(index, encoding="utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json", "chat_template.jinja"):
        if (source / name).exists():
            shutil.copy(source / name, output / name)


def _config(config: dict[str, Any]) -> dict[str, Any]:
    if not config.get("norm_topk_prob", True) or config.get("mlp_only_layers"):
        raise ValueError("experts that are not normalized, or layers without them: no such Qwen3.5-MoE")
    text = {name: value for name, value in config.items() if name not in DROPPED}
    rope = dict(text.pop("rope_parameters", None) or {})
    share = rope.get("partial_rotary_factor", text.pop("partial_rotary_factor", 0.25))
    pairs = int(config["head_dim"] * share) // 2
    thirds = [pairs - 2 * (pairs // 3), pairs // 3, pairs // 3]  # equal positions for text: any split will do
    theta = rope.get("rope_theta", text.pop("rope_theta", 1e7))
    rope = {
        "rope_type": "default",
        "rope_theta": theta,
        "partial_rotary_factor": share,
        "mrope_section": thirds,
    }
    return {
        "architectures": ["Qwen3_5MoeForConditionalGeneration"],
        "model_type": "qwen3_5_moe",
        "tie_word_embeddings": config.get("tie_word_embeddings", False),
        "text_config": text | {"model_type": "qwen3_5_moe_text", "rope_parameters": rope},
        "vision_config": VISION | {"model_type": "qwen3_5_moe_vision", "out_hidden_size": config["hidden_size"]},
    }


def _renamed(name: str, weight: torch.Tensor, config: dict[str, Any]) -> list[tuple[str, torch.Tensor]]:
    if name.startswith("mtp."):
        return []  # the head that guesses several tokens, which no exporter takes
    stem = name.replace("model.", "model.language_model.", 1) if name.startswith("model.") else name
    front, found, _ = stem.partition("in_proj_qkvz.")
    if found:
        qkv, z = _split_qkvz(weight, config)
        return [(f"{front}in_proj_qkv.weight", qkv), (f"{front}in_proj_z.weight", z)]
    front, found, _ = stem.partition("in_proj_ba.")
    if found:
        b, a = _split_ba(weight, config)
        return [(f"{front}in_proj_b.weight", b), (f"{front}in_proj_a.weight", a)]
    return [(stem, weight)]


def _split_qkvz(weight: torch.Tensor, config: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of q, k, v and z lie together for each key head; then all of q, all of k, all of v, and z apart."""
    num_heads, key_width = config["linear_num_key_heads"], config["linear_key_head_dim"]
    value_width = config["linear_num_value_heads"] // num_heads * config["linear_value_head_dim"]
    rows = weight.view(num_heads, 2 * key_width + 2 * value_width, -1)
    parts = torch.split(rows, [key_width, key_width, value_width, value_width], dim=1)
    q, k, v, z = (part.reshape(-1, weight.shape[1]) for part in parts)
    return torch.cat([q, k, v]).contiguous(), z.contiguous()


def _split_ba(weight: torch.Tensor, config: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    num_heads = config["linear_num_key_heads"]
    share = config["linear_num_value_heads"] // num_heads
    b, a = torch.split(weight.view(num_heads, 2 * share, -1), [share, share], dim=1)
    return tuple(part.reshape(-1, weight.shape[1]).contiguous() for part in (b, a))


if __name__ == "__main__":
    relayout(Path(sys.argv[1]), Path(sys.argv[2]))
