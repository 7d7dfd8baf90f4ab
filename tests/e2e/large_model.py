"""A model of random weights just large enough to be worth remembering, made in seconds."""

import json
import shutil
from pathlib import Path

import numpy as np

import sotto_models
from recipe.export.export import write_export
from recipe.export.quantize import SCHEMES
from sotto_engine.model_files.manifest import LARGE_NBYTES, load_manifest
from sotto_models.decoder.description import DecoderDescription

WIDTH, INNER, NUM_LAYERS = 512, 2048, 18


def make_large_model(folder: Path) -> Path:
    """The embedded model's tokenizer and manifest, without checksums, around other weights."""
    embedded = sotto_models.embedded_model_dir()
    manifest = json.loads((embedded / "manifest.json").read_text())
    vocab = json.loads((embedded / "tokenizer.json").read_text())
    vocab_size = len(vocab["model"]["vocab"]) + len(vocab["added_tokens"])
    config = DecoderDescription(WIDTH, INNER, NUM_LAYERS, 8, 2, 64, vocab_size, 1024, 1e4, 1e-6, tied_head=True)
    folder.mkdir(parents=True)
    write_export(config, _weights(config), SCHEMES["int8-b128"], folder)
    shutil.copy(embedded / "tokenizer.json", folder)
    manifest["files"] = {path.name: {"sha256": "", "nbytes": path.stat().st_size} for path in folder.iterdir()}
    manifest |= {"name": "large", "min_probability": 0.0}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert load_manifest(folder).nbytes >= LARGE_NBYTES
    return folder


def _weights(config):
    dice = np.random.default_rng(0)

    def matrix(rows, columns):
        return dice.standard_normal((rows, columns), np.float32) * columns**-0.5

    weights = {"model.embed_tokens.weight": matrix(config.vocab_size, WIDTH)}
    weights["model.norm.weight"] = np.ones(WIDTH, np.float32)
    for layer in range(config.num_layers):
        name = f"model.layers.{layer}"
        for part in ("input_layernorm", "post_attention_layernorm"):
            weights[f"{name}.{part}.weight"] = np.ones(WIDTH, np.float32)
        for part, rows in (("q", config.query_size), ("k", config.kv_size), ("v", config.kv_size)):
            weights[f"{name}.self_attn.{part}_proj.weight"] = matrix(rows, WIDTH)
        weights[f"{name}.self_attn.o_proj.weight"] = matrix(WIDTH, config.query_size)
        for part in ("gate", "up"):
            weights[f"{name}.mlp.{part}_proj.weight"] = matrix(INNER, WIDTH)
        weights[f"{name}.mlp.down_proj.weight"] = matrix(WIDTH, INNER)
    return weights
