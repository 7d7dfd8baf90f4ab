"""Experts and delta nets from the files that people have: what the graph computes, and added as a whole."""

import json

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra `prepare` is not installed: no onnx")
pytest.importorskip("gguf", reason="the extra `prepare` is not installed: no gguf")
pytest.importorskip("safetensors", reason="the extra `recipe` is not installed: no safetensors")

from gguf import GGMLQuantizationType as Kind

from models.hybrid.hybrid_decoder import Uniform, error_of, reference_logits, run_graph
from models.hybrid.hybrid_files import DECODERS, make_config, make_decoder, write_gguf, write_safetensors
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.errors import SottoError
from sotto_engine.loading import load_engine
from sotto_engine.request import FillInRequest, Limits
from sotto_models.decoder.builder import write_graph
from sotto_models.importing import calibrating
from sotto_models.importing.adding import ModelAdding
from sotto_models.importing.bits import choose_bits
from sotto_models.quantizing.scheme import AS_STORED, FLOAT32
from sotto_models.store import ModelStore
from sotto_models.weights.opening import open_weights

IDS = [int(token) for token in np.random.default_rng(1).integers(0, 300, 40)]


def write(architecture, kind, tmp_path, stored=Kind.F32, **options):
    """`(the file or folder, logits of its weights)`."""
    description, tensors = make_decoder(architecture)
    if kind == "gguf":
        source = write_gguf(description, tensors, tmp_path / "tiny.gguf", stored, **options)
    else:
        source = write_safetensors(description, tensors, tmp_path / "tiny")
    return source, reference_logits(description, tensors, IDS)


@pytest.mark.parametrize("architecture", DECODERS)
@pytest.mark.parametrize("kind", ["gguf", "safetensors"])
def test_graph_computes_what_the_checkpoint_says(architecture, kind, tmp_path):
    source, expected = write(architecture, kind, tmp_path)
    graph = write_graph(open_weights(source), Uniform(FLOAT32), tmp_path / "graph")
    assert error_of(run_graph(graph, IDS, (17, 23)), expected) < 1e-4


def test_fused_experts_and_layers_that_draft(tmp_path):
    source, expected = write("qwen3_5_moe", "gguf", tmp_path, fused=True, num_drafting=1)
    graph = write_graph(open_weights(source), Uniform(FLOAT32), tmp_path / "graph")
    assert error_of(run_graph(graph, IDS, (17, 23)), expected) < 1e-4


@pytest.mark.parametrize("stored", [Kind.Q4_0, Kind.Q8_0], ids=lambda kind: kind.name)
def test_blocks_of_experts_are_kept(stored, tmp_path):
    source, _ = write("qwen3_moe", "gguf", tmp_path, stored)
    weights = open_weights(source)
    bits = choose_bits(weights)
    assert {each for name, each in bits.formats.items() if "experts" in name} == {AS_STORED}
    graph = write_graph(weights, bits, tmp_path / "graph")
    description, tensors = make_decoder("qwen3_moe")
    expected = reference_logits(description, {name: weights.read(name) for name in tensors}, IDS)
    assert error_of(run_graph(graph, IDS, (17, 23)), expected) < 0.1


@pytest.mark.parametrize("architecture", DECODERS)
@pytest.mark.parametrize("kind", ["gguf", "safetensors"])
def test_added_model_completes_warm_as_cold(architecture, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(calibrating, "NUM_LINES", 2)
    source, _ = write(architecture, kind, tmp_path, Kind.Q8_0)
    store = ModelStore(tmp_path / "store")
    ModelAdding(store, lambda *_: None).add(source, "tiny")
    warm, cold = load_engine(store.path("tiny"))[0], load_engine(store.path("tiny"))[0]
    assert bool(warm.model.traits.state_nbytes) == (architecture != "qwen3_moe")
    for text in ("def f(x):\n    ", "def f(x):\n    re", "def f(x):\n    return", "def f(y):\n    re"):
        request = FillInRequest(text, "\n", limits=Limits(max_tokens=4, min_probability=0.0))
        cold._prefix_cache.clear()
        answer, reference = (run_steps(engine.complete(request, CancelFlag())) for engine in (warm, cold))
        assert answer.token_ids == reference.token_ids


def test_older_onnxruntime_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    source, _ = write("qwen3_moe", "gguf", tmp_path)
    monkeypatch.setattr("importlib.metadata.version", lambda _: "1.30.2")
    store = ModelStore(tmp_path / "store")
    with pytest.raises(SottoError, match=r"needs onnxruntime 1\.31, and here is 1\.30\.2; update it"):
        ModelAdding(store, lambda *_: None).add(source, "tiny")
    assert not list(store.root.iterdir())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"mlp_only_layers": [0]}, "with and without experts"),
        ({"layer_types": ["full_attention", "sliding_attention", "full_attention"]}, "layers of other kinds"),
        ({"layer_types": ["linear_attention"] * 3}, "layers of other kinds"),
        ({"full_attention_interval": 9}, "no layer with attention"),
        ({"num_experts": "many"}, "'num_experts'"),
    ],
    ids=str,
)
def test_config_that_is_not_known_gets_one_sentence(change, reason, tmp_path):
    source, _ = write("qwen3_next", "safetensors", tmp_path)
    (source / "config.json").write_text(json.dumps(make_config(DECODERS["qwen3_next"]) | change))
    with pytest.raises(SottoError, match=reason) as raised:
        open_weights(source)
    assert "\n" not in str(raised.value) and str(raised.value).endswith(".")
