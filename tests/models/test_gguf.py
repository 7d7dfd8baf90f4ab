"""A checkpoint written for llama.cpp, read back with its own library: weights, shape and vocabulary are the same."""

import json
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `recipe` is not installed: no torch")
pytest.importorskip("safetensors", reason="the extra `recipe` is not installed: no safetensors")
gguf = pytest.importorskip("gguf", reason="the extra `recipe` is not installed: no gguf")

from models.toy_corpus import module  # noqa: E402
from recipe.corpus import vocabulary  # noqa: E402
from recipe.export.decoder_config import read_weights  # noqa: E402
from recipe.export.gguf import FILES, TYPES, main, write_gguf  # noqa: E402
from recipe.train.architecture import Decoder, save_checkpoint  # noqa: E402
from recipe.train.train import make_config  # noqa: E402

_NUM_TOKENS, _NUM_ROWS = 320, 336  # the embedding has rows to spare, as those of many checkpoints
_EPSILON = 1e-6  # for the arithmetic in float32


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A random model of two layers; its biases are not zero, and rows of 80 are no whole number of blocks."""
    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(7)
    model = Decoder(make_config(80, 2, _NUM_ROWS, head_dim=20))
    for parameter in model.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter)
    save_checkpoint(model, folder)
    tokenizer = vocabulary.train([module(number) for number in range(20)], _NUM_TOKENS)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def written(checkpoint, tmp_path_factory):
    """kind -> reader of the file."""
    folder = tmp_path_factory.mktemp("written")
    for kind in TYPES:
        write_gguf(checkpoint, folder / f"{kind}.gguf", kind)
    return {kind: gguf.GGUFReader(folder / f"{kind}.gguf") for kind in TYPES}


@pytest.fixture
def broken(checkpoint, tmp_path):
    """A copy of the checkpoint, to take something from."""
    for name in FILES:
        (tmp_path / name).write_bytes((checkpoint / name).read_bytes())
    return tmp_path


def _name_in_gguf(name):
    parts = {
        "model.embed_tokens": "token_embd",
        "model.norm": "output_norm",
        "model.layers": "blk",
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
        "self_attn.o_proj": "attn_output",
        **{f"self_attn.{part}_proj": f"attn_{part}" for part in "qkv"},
        **{f"mlp.{part}_proj": f"ffn_{part}" for part in ("gate", "up", "down")},
    }
    for part, new in sorted(parts.items(), key=lambda pair: -len(pair[0])):
        name = name.replace(part, new)
    return name


def _tensors(reader):
    return {
        tensor.name: (tensor.tensor_type.name, gguf.quants.dequantize(tensor.data, tensor.tensor_type))
        for tensor in reader.tensors
    }


def _one_step(kind, weight):
    """The largest error a weight may have: half precision's, or a step of its block of 32."""
    if kind == "F32":
        return np.zeros_like(weight)
    half = np.abs(weight) * 2.0**-11 + 2.0**-25
    if kind == "F16":
        return half
    largest = np.abs(weight.reshape(-1, 32)).max(axis=-1, keepdims=True)
    step = np.broadcast_to(largest / {"Q8_0": 127, "Q4_0": 8}[kind], (len(largest), 32))
    # The step itself is stored in half precision.
    return (step * (1 + 2.0**-10)).reshape(weight.shape) + half + _EPSILON


@pytest.mark.parametrize("kind", TYPES)
def test_tensors_are_the_checkpoints(checkpoint, written, kind):
    weights, tensors = read_weights(checkpoint / "model.safetensors"), _tensors(written[kind])
    assert tensors.keys() == {_name_in_gguf(name) for name in weights}  # no output.weight: the head is tied
    for name, weight in weights.items():
        stored, restored = tensors[_name_in_gguf(name)]
        assert restored.shape == weight.shape
        assert (np.abs(restored - weight) <= _one_step(stored, weight)).all(), name


@pytest.mark.parametrize("kind", TYPES)
def test_norms_stay_float32_and_rows_of_no_whole_blocks_f16(written, kind):
    for name, (stored, tensor) in _tensors(written[kind]).items():
        if tensor.ndim == 1:
            assert stored == "F32", name
        elif tensor.shape[-1] == 80:
            assert stored == "F16", name
        else:
            assert tensor.shape[-1] == 256 and stored == kind.upper(), name


def test_shape_is_the_configs(written):
    stated = {
        "general.architecture": "qwen2",
        "general.file_type": gguf.LlamaFileType.MOSTLY_Q8_0,
        "general.quantization_version": gguf.GGML_QUANT_VERSION,
        "qwen2.context_length": 4096,
        "qwen2.embedding_length": 80,
        "qwen2.block_count": 2,
        "qwen2.feed_forward_length": 256,
        "qwen2.attention.head_count": 4,
        "qwen2.attention.head_count_kv": 2,
        "qwen2.rope.freq_base": 10_000.0,
        "qwen2.attention.layer_norm_rms_epsilon": pytest.approx(1e-6),
    }
    assert {key: written["q8_0"].fields[key].contents() for key in stated} == stated


def test_vocabulary_is_the_tokenizers(checkpoint, written):
    fields = written["f16"].fields
    model = json.loads((checkpoint / "tokenizer.json").read_text())["model"]
    tokens = fields["tokenizer.ggml.tokens"].contents()
    assert {token: number for number, token in enumerate(tokens[:_NUM_TOKENS])} == model["vocab"]
    assert [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()] == [
        tuple(merge) for merge in model["merges"]
    ]
    assert fields["tokenizer.ggml.model"].contents() == "gpt2"
    assert len(tokens) == len(set(tokens)) == _NUM_ROWS


def test_special_tokens_are_control_tokens_and_spare_rows_unused(written):
    types = written["f16"].fields["tokenizer.ggml.token_type"].contents()
    control = len(vocabulary.CONTROL)
    assert types[:control] == [gguf.TokenType.CONTROL] * control
    assert types[control:_NUM_TOKENS] == [gguf.TokenType.NORMAL] * (_NUM_TOKENS - control)
    assert types[_NUM_TOKENS:] == [gguf.TokenType.UNUSED] * (_NUM_ROWS - _NUM_TOKENS)


def test_fim_tokens_and_the_end_of_a_completion_are_named(written):
    stated = {"eos": "<|endoftext|>", "fim_pre": "<|fim_prefix|>", "fim_suf": "<|fim_suffix|>"}
    stated |= {"fim_mid": "<|fim_middle|>", "fim_pad": "<|fim_pad|>", "fim_rep": "<|repo_name|>"}
    stated |= {"fim_sep": "<|file_sep|>"}
    fields = written["f16"].fields
    ids = {name: fields[f"tokenizer.ggml.{name}_token_id"].contents() for name in stated}
    assert ids == {name: vocabulary.CONTROL.index(token) for name, token in stated.items()}
    assert fields["tokenizer.ggml.add_bos_token"].contents() is False


@pytest.mark.parametrize("name", FILES)
def test_missing_file_is_one_sentence(broken, name, monkeypatch):
    (broken / name).unlink()
    monkeypatch.setattr(sys, "argv", ["recipe.export.gguf", str(broken), str(broken / "model.gguf")])
    with pytest.raises(SystemExit) as stopped:
        main()
    sentence = str(stopped.value)
    assert f"no {name};" in sentence and "\n" not in sentence
    assert not (broken / "model.gguf").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tie_word_embeddings": False}, "a head of its own"),
        ({"model_type": "llama"}, "'llama'"),
        ({"hidden_act": "gelu"}, "'gelu'"),
        ({"head_dim": 32}, "4 heads of 32"),
        ({"rope_scaling": {"rope_type": "yarn"}}, "rotary type"),
        ({"vocab_size": 319}, "token id 319"),
        ({"num_hidden_layers": 1}, "no place for model.layers.1."),
    ],
)
def test_refused_is_what_llama_cpp_would_compute_differently(broken, change, message):
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(ValueError, match=message):
        write_gguf(broken, broken / "model.gguf")
