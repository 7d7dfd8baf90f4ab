"""Our own graph of every architecture computes what plain numpy does, from safetensors and from GGUF."""

import tracemalloc

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra `prepare` is not installed: no onnx")
pytest.importorskip("gguf", reason="the extra `prepare` is not installed: no gguf")
pytest.importorskip("safetensors", reason="the extra `recipe` is not installed: no safetensors")

from models.importing.reference import reference_logits
from models.importing.tiny import ARCHITECTURES, make_model, write_gguf, write_safetensors
from sotto_engine.cancel import CancelFlag
from sotto_engine.errors import SottoError
from sotto_engine.model.onnx_model import Model
from sotto_models.decoder.builder import write_graph
from sotto_models.decoder.description import DecoderDescription, RopeScaling
from sotto_models.decoder.rotary import find_frequencies
from sotto_models.quantizing.scheme import FLOAT32
from sotto_models.weights.opening import open_weights


class Floats:
    """A scheme that rounds nothing."""

    def format_of(self, name):
        return FLOAT32


def logits_of(source, folder, ids, scheme=None):
    graph = write_graph(open_weights(source), scheme or Floats(), folder)
    model = Model(graph, 512, num_threads=1)
    cache = model.new_cache()
    rows = [model.forward(cache, ids[:8], CancelFlag())[-1]]
    rows += [model.forward(cache, ids[at : at + 2], CancelFlag())[-1] for at in range(8, len(ids), 2)]
    return np.stack(rows)


def make_ids(model, length=24):
    return [int(each) for each in np.random.default_rng(5).integers(0, model.config["vocab_size"], length)]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("kind", ["gguf", "safetensors"])
def test_graph_computes_what_numpy_does(tmp_path, architecture, tied, kind):
    model = make_model(architecture, tied=tied)
    if kind == "gguf":
        source = write_gguf(model, tmp_path / "tiny.gguf")
    else:
        source = write_safetensors(model, tmp_path / "tiny", num_files=2)
    ids = make_ids(model)
    expected = reference_logits(model, ids)[7::2]
    got = logits_of(source, tmp_path / "graph", ids)
    np.testing.assert_allclose(got, expected, atol=2e-4 * np.abs(expected).max())


def test_one_tensor_at_a_time_is_in_memory(tmp_path):
    model = make_model("llama")
    for layer in range(3):
        model.tensors[f"model.layers.{layer}.mlp.gate_proj.weight"] = np.ones((96, 64), np.float32)
    source = open_weights(write_safetensors(model, tmp_path / "tiny"))
    whole = sum(tensor.nbytes for tensor in model.tensors.values())
    table = model.tensors["model.embed_tokens.weight"].nbytes
    del model
    tracemalloc.start()
    write_graph(source, Floats(), tmp_path / "graph")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.2 * table < 2.2 * whole


def test_stretched_frequencies():
    plain = DecoderDescription(64, 96, 1, 4, 2, 64, 100, 512, 10_000.0, 1e-6, tied_head=True)
    base, _ = find_frequencies(plain)

    def stretched(*scaling):
        return find_frequencies(DecoderDescription(**{**vars(plain), "rope_scaling": RopeScaling(*scaling)}))

    linear, scale = stretched("linear", 4.0)
    np.testing.assert_allclose(linear, base / 4)
    assert scale == 1
    low, _ = stretched("llama3", 8.0, 8192, 1.0, 4.0)
    assert low[0] == base[0] and low[-1] == pytest.approx(base[-1] / 8)
    yarn, scale = stretched("yarn", 4.0, 4096)
    assert yarn[0] == base[0] and yarn[-1] == pytest.approx(base[-1] / 4) and scale == pytest.approx(1.1386, abs=1e-4)
    assert all(np.diff(yarn) < 0) and all(np.diff(low) < 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_type": "gemma2"}, "architecture 'gemma2'"),
        ({"num_attention_heads": 8, "head_dim": 16}, "does not fit together"),
        ({"num_hidden_layers": 99}, "no weights 'model.layers.98"),
        ({"hidden_size": -1}, "'hidden_size'"),
        ({"rope_scaling": {"rope_type": "dynamic", "factor": 2}}, "'dynamic'"),
    ],
)
def test_folder_that_cannot_be_used_gets_one_sentence(tmp_path, change, reason):
    model = make_model("qwen2")
    model.config.update(change)
    folder = write_safetensors(model, tmp_path / "tiny")
    with pytest.raises(SottoError, match=reason) as refused:
        open_weights(folder)
    assert str(refused.value).endswith(".") and "\n" not in str(refused.value)
