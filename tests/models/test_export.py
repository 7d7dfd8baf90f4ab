"""The recipe's claims: an export computes what PyTorch does; the shipped model is its manifest's."""

import hashlib
import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the recipe's tests need the `recipe` extra: torch is missing")
pytest.importorskip("onnx", reason="the recipe's tests need the `recipe` extra: onnx is missing")
pytest.importorskip("safetensors", reason="the recipe's tests need the `recipe` extra: safetensors is missing")

import numpy as np

_ROOT = Path(__file__).parents[2]
_SEED = _ROOT.parent / "shared" / "seed-model"
_EMBEDDED = _ROOT / "onnx_models" / "sotto_models" / "embedded"
_SOURCE = '''
def moving_average(values, window):
    """Mean of every `window` neighbouring values."""
    if window <= 0:
        raise ValueError("window must be positive")
    total = sum(values[:window])
    result = [total / window]
    for index in range(window, len(values)):
        total += values[index] - values[index - window]
        result.append(total / window)
    return result
'''


@pytest.fixture(scope="module", autouse=True)
def _recipe_on_path():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(_ROOT / "onnx_models"))
        yield


def _tiny_config(tied_head, head_dim):
    from sotto_models.decoder.description import DecoderDescription

    return DecoderDescription(
        hidden_size=96,  # not a multiple of the larger blocks: their padding is covered too
        intermediate_size=160,
        num_layers=2,
        num_heads=6,
        num_kv_heads=2,
        head_dim=head_dim,
        vocab_size=200,
        max_positions=128,
        rope_theta=10_000.0,
        norm_eps=1e-6,
        tied_head=tied_head,
    )


def _random_weights(config, bias):
    random = np.random.default_rng(7)

    def matrix(*shape):
        return (random.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32)

    def norm():
        return (1 + 0.1 * random.standard_normal(config.hidden_size)).astype(np.float32)

    weights = {
        "model.embed_tokens.weight": matrix(config.vocab_size, config.hidden_size),
        "model.norm.weight": norm(),
    }
    if not config.tied_head:
        weights["lm_head.weight"] = matrix(config.vocab_size, config.hidden_size)
    for layer in range(config.num_layers):
        prefix = f"model.layers.{layer}"
        for part, size in (("q", config.query_size), ("k", config.kv_size), ("v", config.kv_size)):
            weights[f"{prefix}.self_attn.{part}_proj.weight"] = matrix(size, config.hidden_size)
            if bias:
                weights[f"{prefix}.self_attn.{part}_proj.bias"] = matrix(size)
        weights[f"{prefix}.self_attn.o_proj.weight"] = matrix(config.hidden_size, config.query_size)
        weights[f"{prefix}.mlp.gate_proj.weight"] = matrix(config.intermediate_size, config.hidden_size)
        weights[f"{prefix}.mlp.up_proj.weight"] = matrix(config.intermediate_size, config.hidden_size)
        weights[f"{prefix}.mlp.down_proj.weight"] = matrix(config.hidden_size, config.intermediate_size)
        weights[f"{prefix}.input_layernorm.weight"] = norm()
        weights[f"{prefix}.post_attention_layernorm.weight"] = norm()
    return weights


@pytest.fixture(params=[(True, True, 16), (False, False, 32)], ids=["tied, bias", "untied, no bias, wide heads"])
def tiny(request):
    """(config, weights) of a random model: Qwen2's shape, and Llama's with a head_dim of its own."""
    tied_head, bias, head_dim = request.param
    config = _tiny_config(tied_head, head_dim)
    return config, _random_weights(config, bias)


def _runner(tiny, scheme, tmp_path):
    from recipe.export.export import write_export
    from recipe.export.quantize import SCHEMES
    from recipe.export.runner import Runner

    return Runner(write_export(*tiny, SCHEMES[scheme], tmp_path), num_threads=1, max_rows=128)


def _ids(config, length):
    return [int(token) for token in np.random.default_rng(1).integers(0, config.vocab_size, length)]


def test_float32_export_equals_pytorch(tiny, tmp_path):
    from recipe.export.reference import reference_logits

    ids = _ids(tiny[0], 40)
    logits = _runner(tiny, "float32", tmp_path).forward(ids, 0, num_logits=len(ids))
    np.testing.assert_allclose(logits, reference_logits(*tiny, ids), atol=1e-4)


def test_chunks_on_the_cache_equal_one_pass(tiny, tmp_path):
    runner, ids = _runner(tiny, "float32", tmp_path), _ids(tiny[0], 40)
    whole = runner.forward(ids, 0, num_logits=len(ids)).copy()
    cut = [(0, 20), (20, 33), (33, 34), (34, 40)]
    chunks = [runner.forward(ids[start:end], start, num_logits=end - start).copy() for start, end in cut]
    np.testing.assert_allclose(np.concatenate(chunks), whole, atol=1e-4)


@pytest.mark.parametrize("num_logits", [0, 1, 3, 40])
def test_num_logits_returns_the_last_rows(tiny, tmp_path, num_logits):
    runner, ids = _runner(tiny, "float32", tmp_path), _ids(tiny[0], 40)
    whole = runner.forward(ids, 0, num_logits=len(ids)).copy()
    last = runner.forward(ids, 0, num_logits=num_logits)
    assert last.shape == (num_logits, tiny[0].vocab_size)
    np.testing.assert_allclose(last, whole[len(ids) - num_logits :], atol=1e-4)


@pytest.mark.parametrize(("scheme", "bound"), [("float32", 0.0), ("int8-b32", 0.01), ("int8-b128", 0.01)])
def test_restored_weights_are_those_that_were_exported(tmp_path, scheme, bound):
    """`bound` is a share of the largest weight: about a level of 127, as scales may clip."""
    from recipe.export.export import write_export
    from recipe.export.quantize import SCHEMES
    from recipe.train.restore import restore

    config = _tiny_config(tied_head=True, head_dim=16)
    weights = _random_weights(config, bias=True)
    for name, tensor in restore(write_export(config, weights, SCHEMES[scheme], tmp_path)).state_dict().items():
        stored = weights[f"model.{name}"]
        assert np.abs(tensor.numpy() - stored).max() <= bound * np.abs(stored).max(), name


@pytest.mark.parametrize("scheme", ["int8-b32", "int8-b128", "int4-b32", "mixed-b32"])
def test_quantized_export_computes_with_the_dequantized_weights(tiny, tmp_path, scheme):
    """What is left is the kernels' rounding of activations to int8: measured 1.4-2.3 % of the logits."""
    from recipe.export.quantize import SCHEMES
    from recipe.export.reference import reference_logits
    from sotto_models.quantizing.blockwise import dequantize, quantize

    config, weights = tiny
    chosen = SCHEMES[scheme]
    rounded = dict(weights)
    for name, weight in weights.items():
        if weight.ndim == 2:
            of_head = name in ("model.embed_tokens.weight", "lm_head.weight")
            bits, block_size = (
                (chosen.head_bits, chosen.head_block_size) if of_head else (chosen.bits, chosen.block_size)
            )
            rounded[name] = dequantize(quantize(weight, bits, block_size))
    ids = _ids(config, 40)
    exact = reference_logits(config, rounded, ids)
    logits = _runner(tiny, scheme, tmp_path).forward(ids, 0, num_logits=len(ids))
    error = np.sqrt(np.mean((logits - exact) ** 2) / np.mean(exact**2))
    assert error < 0.04


@pytest.mark.parametrize(("bits", "bound"), [(8, 0.01), (4, 0.11)])
def test_quantized_weights_are_near_the_weights(bits, bound):
    from sotto_models.quantizing.blockwise import dequantize, quantize

    weight = np.random.default_rng(2).standard_normal((50, 80)).astype(np.float32)
    weight[3, :32] = 0  # a block without a scale
    restored = dequantize(quantize(weight, bits, 32))
    assert restored.shape == weight.shape
    assert not restored[3, :32].any()
    assert np.linalg.norm(restored - weight) / np.linalg.norm(weight) < bound


@pytest.fixture(scope="module")
def shipped(_recipe_on_path):
    """(runner, ids of some Python code) of the model in the package."""
    from tokenizers import Tokenizer

    from recipe.export.runner import Runner

    tokenizer = Tokenizer.from_file(str(_EMBEDDED / "tokenizer.json"))
    ids = tokenizer.encode(_SOURCE, add_special_tokens=False).ids
    return Runner(_EMBEDDED / "model.onnx", num_threads=1, max_rows=512), ids


@pytest.mark.skipif(
    not _SEED.exists(), reason="the seed checkpoint lies next to the repository only where it is made"
)
def test_int8_export_of_a_trained_model_stays_near_it(tmp_path):
    """Measured: an error of 1.2 % of the logits' spread, 97 of 98 likeliest tokens the same."""
    from tokenizers import Tokenizer

    from recipe.export.export import read_checkpoint
    from recipe.export.reference import reference_logits

    checkpoint = read_checkpoint(_SEED, max_positions=512)
    tokenizer = Tokenizer.from_file(str(_SEED / "tokenizer.json"))
    ids = tokenizer.encode(_SOURCE, add_special_tokens=False).ids
    exact = reference_logits(*checkpoint, ids)
    logits = _runner(checkpoint, "int8-b32", tmp_path).forward(ids, 0, num_logits=len(ids))
    error = np.sqrt(np.mean((logits - exact) ** 2)) / exact.std()
    agreement = np.mean(logits.argmax(axis=-1) == exact.argmax(axis=-1))
    assert error < 0.03
    assert agreement > 0.95


def test_shipped_models_rows_do_not_depend_on_the_chunking(shipped):
    """The promise that the prefix cache rests on, for chunks of two tokens and more; see the model card."""
    from recipe.export.exactness import even_cut, run, same_bits

    runner, ids = shipped
    ids = (3 * ids)[:300]
    base = run(runner, ids, even_cut(len(ids), 64))
    for size in (2, 3, 5, 63, len(ids)):
        assert same_bits(run(runner, ids, even_cut(len(ids), size)), base)
    token_by_token = run(runner, ids, [2, *[1] * (len(ids) - 2)], rerun_previous=True)
    assert same_bits(token_by_token, base)


@pytest.mark.parametrize("num_drafted", [2, 3, 8])
def test_verified_draft_has_the_bits_of_single_steps(shipped, num_drafted):
    from recipe.export.exactness import even_cut, run, verified_alike

    runner, ids = shipped
    run(runner, ids, even_cut(len(ids), 64))
    assert verified_alike(runner, ids, num_drafted)


def test_manifest_vouches_for_the_shipped_files(_recipe_on_path):
    from recipe.export.manifest import describe

    manifest = json.loads((_EMBEDDED / "manifest.json").read_text(encoding="utf-8"))
    assert {manifest["graph"], manifest["tokenizer"]} <= manifest["files"].keys()
    for name, stated in manifest["files"].items():
        content = (_EMBEDDED / name).read_bytes()
        assert stated == {"sha256": hashlib.sha256(content).hexdigest(), "nbytes": len(content)}
    described = json.loads(describe(_EMBEDDED, "any", "any").as_json())
    assert {name: manifest[name] for name in ("files", "good_for")} == {
        name: described[name] for name in ("files", "good_for")
    }
