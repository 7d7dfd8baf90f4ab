"""GGUF files of every quantization become models, and those that are broken become one sentence."""

import json
import struct

import numpy as np
import pytest

pytest.importorskip("gguf", reason="the extra `prepare` is not installed: no gguf")
pytest.importorskip("onnx", reason="the extra `prepare` is not installed: no onnx")
pytest.importorskip("safetensors", reason="the extra `recipe` is not installed: no safetensors")

import gguf
from gguf import GGMLQuantizationType as Kind

import sotto_models
from models.importing.reference import reference_logits
from models.importing.test_decoders import logits_of, make_ids
from models.importing.tiny import make_model, random_blocks, write_gguf
from sotto_engine.errors import SottoError
from sotto_engine.loading import load_engine
from sotto_engine.prompt.tokenizer import Tokenizer
from sotto_models.importing import bits
from sotto_models.importing.adding import ModelAdding
from sotto_models.importing.bits import choose_bits
from sotto_models.quantizing.blockwise import dequantize
from sotto_models.store import ModelStore
from sotto_models.weights.gguf_blocks import KEPT_FORMATS
from sotto_models.weights.gguf_file import GgufFile

CHAT = "{% for message in messages %}<{{ message.role }}>{{ message.content }}{% endfor %}<assistant>"
KINDS = ("F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0")
READ_ONLY = ("Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K")


@pytest.fixture(scope="module")
def model():
    return make_model("qwen2")


@pytest.fixture(scope="module")
def plain(model, tmp_path_factory):
    return write_gguf(model, tmp_path_factory.mktemp("plain") / "tiny.gguf").read_bytes()


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("is_tiny", [True, False])
def test_quantized_file_computes_with_its_own_values(model, tmp_path, monkeypatch, name, is_tiny):
    monkeypatch.setattr(bits, "TINY_NBYTES", bits.TINY_NBYTES if is_tiny else 0)
    source = write_gguf(model, tmp_path / "tiny.gguf", Kind[name])
    weights = GgufFile(source)
    read = {each: weights.read(each) for each in model.tensors}
    ids = make_ids(model)
    expected = reference_logits(model, ids, read)[7::2]
    got = logits_of(source, tmp_path / "graph", ids, choose_bits(weights))
    error = np.linalg.norm(got - expected) / np.linalg.norm(expected)
    # the kernels round activations to 8 bits; others become four bits where a larger model would grow
    assert error < (0.05 if is_tiny or name in ("F16", "BF16", "Q4_0", "Q8_0") else 0.25)


@pytest.mark.parametrize("kind", KEPT_FORMATS)
def test_blocks_that_are_kept_have_the_very_values_of_the_file(model, tmp_path, kind):
    weights = GgufFile(write_gguf(model, tmp_path / "tiny.gguf", kind))
    for name in model.tensors:
        if "proj.weight" in name:
            blocks = weights.read_blocks(name)
            assert blocks is not None
            np.testing.assert_allclose(dequantize(blocks), weights.read(name), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("kind", [Kind.Q4_0, Kind.Q8_0])
def test_simple_blocks_are_kept_in_the_graph(model, tmp_path, kind):
    chosen = choose_bits(GgufFile(write_gguf(model, tmp_path / "tiny.gguf", kind)))
    assert {each.bits for each in chosen.formats.values()} == {0}


@pytest.mark.parametrize("name", READ_ONLY)
def test_kinds_of_256_values_are_read(tmp_path, name):
    """Random blocks: the package's own arithmetic, through our reader of the file."""
    kind, dice = Kind[name], np.random.default_rng(2)
    model = make_model("qwen2")
    path = tmp_path / "tiny.gguf"
    writer = {}

    def change(gguf_writer):
        _, nbytes = gguf.GGML_QUANT_SIZES[kind]
        blocks = writer["blocks"] = random_blocks(kind, 8, 2, nbytes, dice)
        gguf_writer.add_tensor("blk.0.ffn_gate_inp.weight", blocks, raw_dtype=kind)

    write_gguf(model, path, change=change)
    weights = GgufFile(path)
    tensor = weights._header.tensors["blk.0.ffn_gate_inp.weight"]
    assert tensor.shape == (8, 512)
    rows = weights._rows(tensor)
    np.testing.assert_array_equal(rows, writer["blocks"])
    values = gguf.quants.dequantize(rows, kind)
    assert values.shape == (8, 512) and np.isfinite(values).all()


def test_added_file_completes_chats_and_is_as_it_says(model, tmp_path):
    path = write_gguf(
        model, tmp_path / "Tiny-Instruct-Q8_0.gguf", Kind.Q8_0, template=CHAT, name="Tiny Instruct", license="mit"
    )
    store, steps = ModelStore(tmp_path / "store"), []
    added = ModelAdding(store, lambda step, share: steps.append((step, share))).add(path, "tiny")
    assert added.manifest.licence == "mit" and added.manifest.is_instruct
    assert added.manifest.fim_family == "qwen" and added.manifest.stop_ids == (0,)
    shares = [share for step, share in steps if step == "converting the weights"]
    assert shares == sorted(shares) and shares[-1] == 1
    engine, manifest = load_engine(store.path("tiny"))
    assert "chat" in manifest.good_for
    tokenizer = Tokenizer.load(manifest.tokenizer_path)
    assert tokenizer.encode("def f(x):") == Tokenizer.load(
        sotto_models.embedded_model_dir() / "tokenizer.json"
    ).encode("def f(x):")
    assert engine.model.max_tokens == 512


def test_base_model_with_a_template_is_no_instruct_model(model, tmp_path):
    path = write_gguf(model, tmp_path / "Tiny-Q8_0.gguf", Kind.Q8_0, template=CHAT)
    assert not GgufFile(path).facts.is_instruct


def test_parts_of_a_model_are_one(model, tmp_path, plain):
    first = tmp_path / "tiny-00001-of-00002.gguf"
    first.write_bytes(plain)
    with pytest.raises(SottoError, match="fetch all 2 parts"):
        GgufFile(first)
    (tmp_path / "tiny-00002-of-00002.gguf").write_bytes(plain)
    with pytest.raises(SottoError, match="another part has"):
        GgufFile(first)


def refused(path):
    with pytest.raises(SottoError) as raised:
        weights = GgufFile(path)
        assert weights.facts
        for name in make_model("qwen2").tensors:
            weights.read(name)
    message = str(raised.value)
    assert "\n" not in message and message.endswith("."), message
    return message


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: b"", "cannot be read"),
        (lambda data: b"PK" + data[2:], "no GGUF file"),
        (lambda data: data[:4] + struct.pack("<I", 9) + data[8:], "version 9"),
        (lambda data: data[:8] + struct.pack("<Q", 1 << 62) + data[16:], "are claimed"),
        (lambda data: data[:16] + struct.pack("<Q", 1 << 40) + data[24:], "are claimed"),
        (lambda data: data[: len(data) // 3], "ends"),
        (lambda data: data[:-5000], "beyond the file's end"),
        (lambda data: data.replace(b"blk.1.attn_q.weight", b"blk.0.attn_q.weight"), "twice"),
        (lambda data: data.replace(b"blk.1.attn_q.weight", b"../../attn_q.weight"), "is none"),
        (lambda data: data.replace(b"general.architecture", b"general.architectura"), "architecture ''"),
        (lambda data: data.replace(b"tokenizer.ggml.merges", b"tokenizer.ggml.merge_"), "tokenizer of its own"),
        (lambda data: data.replace(b"tokenizer.ggml.tokens", b"tokenizer.ggml.token_"), "tokenizer of its own"),
    ],
)
def test_broken_file_gets_one_sentence(tmp_path, plain, change, reason):
    path = tmp_path / "tiny.gguf"
    path.write_bytes(change(plain))
    assert reason in refused(path)


def test_numbers_that_are_none_are_refused(tmp_path):
    model = make_model("qwen2")
    model.tensors["model.layers.1.mlp.up_proj.weight"][3, 4] = np.nan
    assert "no numbers" in refused(write_gguf(model, tmp_path / "tiny.gguf"))


def test_tokenizer_of_nonsense_is_refused(tmp_path):
    model = make_model("qwen2")
    model.tokenizer["model"]["merges"][7] = "zzz qqq"
    assert "merges" in refused(write_gguf(model, tmp_path / "tiny.gguf"))


def test_random_mutations_are_refused_in_a_sentence_or_read(tmp_path, plain, request):
    """Whatever a byte is changed to: a SottoError, or a model whose numbers are read. Never another error."""
    num = request.config.getoption("--mutations")
    dice = np.random.default_rng(11)
    path, counts = tmp_path / "tiny.gguf", {"read": 0, "refused": 0}
    num_header = plain.index(b"output_norm.weight") + 2000
    for _ in range(num):
        data = bytearray(plain)
        for _ in range(dice.integers(1, 4)):
            at, size = int(dice.integers(0, num_header)), int(dice.integers(1, 9))
            data[at : at + size] = dice.bytes(size) if dice.random() < 0.7 else b""
        path.write_bytes(bytes(data))
        try:
            weights = GgufFile(path)
            assert json.loads(weights.facts.tokenizer_json)
            weights.read("model.layers.0.mlp.up_proj.weight")
            counts["read"] += 1
        except SottoError as error:
            assert "\n" not in str(error)
            counts["refused"] += 1
    assert counts["refused"] > num / 10, counts
