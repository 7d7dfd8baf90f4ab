"""The gated delta net in our own graph: float64 logits in every layout, and warm answers equal to cold ones."""

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="building graphs needs the `prepare` extra: onnx is missing")
pytest.importorskip("gguf", reason="the extra `prepare` is not installed: no gguf")
pytest.importorskip("safetensors", reason="the extra `recipe` is not installed: no safetensors")

from models.hybrid.hybrid_decoder import (
    DENSE_HYBRID,
    MOE,
    NEXT,
    Dictionary,
    Uniform,
    error_of,
    make_weights,
    reference_logits,
    round_weights,
    run_graph,
)
from models.hybrid.hybrid_files import tile
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.loading import load_engine
from sotto_engine.request import FillInRequest, Limits
from sotto_models.decoder.builder import write_graph
from sotto_models.quantizing.scheme import FLOAT32, Format

IDS = [int(token) for token in np.random.default_rng(1).integers(0, NEXT.vocab_size, 40)]
TOKENIZER = Path(__file__).parents[2] / "exporters" / "models" / "qwen2-optimum-int4" / "tokenizer.json"
TEXTS = ("def f(x):\n    return x\n", "self.a = 1\n", "ab", "é", "\n    ", "return ", "a b(")
NUM_HISTORIES = 10


@pytest.mark.parametrize("sizes", [(40,), (17, 2, 21), (1,) * 40], ids=["whole", "pieces", "one by one"])
@pytest.mark.parametrize("description", [NEXT, DENSE_HYBRID], ids=["qwen3_next", "qwen3_5"])
def test_float32_equals_the_reference(description, sizes, tmp_path):
    tensors = make_weights(description)
    graph = write_graph(Dictionary(description, tensors), Uniform(FLOAT32), tmp_path)
    assert error_of(run_graph(graph, IDS, sizes), reference_logits(description, tensors, IDS)) < 1e-4


def test_last_layer_may_be_a_delta_net(tmp_path):
    description = replace(DENSE_HYBRID, layers=DENSE_HYBRID.layers[::-1])
    tensors = make_weights(description)
    graph = write_graph(Dictionary(description, tensors), Uniform(FLOAT32), tmp_path)
    assert error_of(run_graph(graph, IDS, (33, 7)), reference_logits(description, tensors, IDS)) < 1e-4


def test_tiled_heads_are_the_same_model_in_another_order(tmp_path):
    tensors = make_weights(DENSE_HYBRID)
    tiled = replace(DENSE_HYBRID, linear_attention=replace(DENSE_HYBRID.linear_attention, tiled_heads=True))
    graph = write_graph(Dictionary(tiled, tile(DENSE_HYBRID, tensors)), Uniform(FLOAT32), tmp_path)
    assert error_of(run_graph(graph, IDS, (17, 23)), reference_logits(DENSE_HYBRID, tensors, IDS)) < 1e-4


@pytest.mark.parametrize("description", [replace(NEXT, experts=None), DENSE_HYBRID], ids=["qwen3_next", "qwen3_5"])
def test_rounded_projections_are_near_the_reference_on_rounded_weights(description, tmp_path):
    tensors, scheme = make_weights(description), Uniform(FLOAT32, "linear_attn", Format(4, 32))
    graph = write_graph(Dictionary(description, tensors), scheme, tmp_path)
    logits = run_graph(graph, IDS, (17, 23))
    near, far = round_weights(tensors, scheme), tensors
    errors = [error_of(logits, reference_logits(description, each, IDS)) for each in (near, far)]
    assert errors[0] < 0.15 and errors[0] < errors[1] / 3


def make_folder(description, folder):
    """A folder as the importer writes one."""
    write_graph(Dictionary(description, make_weights(description)), Uniform(Format(8, 32)), folder)
    shutil.copy(TOKENIZER, folder / "tokenizer.json")
    config = {"model_type": description.architecture, "eos_token_id": 256, "max_position_embeddings": 512}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


@pytest.mark.parametrize("description", [MOE, NEXT, DENSE_HYBRID], ids=["qwen3_moe", "qwen3_next", "qwen3_5"])
def test_warm_equals_cold_over_random_edits(description, tmp_path):
    folder = make_folder(description, tmp_path)
    warm, cold = load_engine(folder)[0], load_engine(folder)[0]
    assert bool(warm.model.traits.state_nbytes) == (description.linear_attention is not None)
    dice, num_cached = random.Random(3), 0
    for _ in range(NUM_HISTORIES):
        text, cursor = "# file\n" * dice.randint(0, 12), 0
        for _ in range(dice.randint(2, 5)):
            text, cursor = edit(dice, text)
            request = FillInRequest(text[:cursor], text[cursor:], limits=Limits(max_tokens=4, min_probability=0.0))
            cold._prefix_cache.clear()
            answer, reference = (run_steps(engine.complete(request, CancelFlag())) for engine in (warm, cold))
            assert answer.token_ids == reference.token_ids
            assert np.allclose(answer.token_logprobs, reference.token_logprobs, atol=1e-3)
            num_cached += answer.num_cached_tokens
    assert num_cached > 100, "the cache was used"


def edit(dice, text):
    """The text with something typed or deleted, and the cursor."""
    cursor = dice.randint(0, len(text)) if dice.random() < 0.3 else len(text)
    if dice.random() < 0.3:
        start = max(0, cursor - dice.randint(1, 12))
        return text[:start] + text[cursor:], start
    typed = dice.choice(TEXTS)
    return text[:cursor] + typed + text[cursor:], cursor + len(typed)
