"""What a folder of an export is, read from what lies in it; and refusals that say what to do."""

import json
import shutil
from pathlib import Path

import pytest

from engine.fakes import CONTROL, make_tokenizer
from sotto_engine.errors import SottoError
from sotto_engine.model.graph_interface import Port, read_interface
from sotto_engine.model_files.export_folder import MAX_CONTEXT_LENGTH, read_export_folder
from sotto_engine.prompt.fim import NONE, TEMPLATES, Slot, detect_template, find_template
from sotto_engine.request import FimOrder

MODELS = Path(__file__).parents[2] / "exporters" / "models"
TOKENIZER = MODELS / "qwen2-optimum-int4" / "tokenizer.json"


@pytest.fixture
def folder(tmp_path):
    shutil.copy(TOKENIZER, tmp_path)
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model_q4.onnx").write_bytes(b"graph")
    return tmp_path


def refusal(directory, graph=None):
    with pytest.raises(SottoError) as caught:
        read_export_folder(directory, graph)
    assert str(caught.value).count("\n") == 0
    return str(caught.value)


def names(manifest):
    return tuple(file.name for file in manifest.files)


def test_genai_build_gives_head_size_and_context():
    read = read_export_folder(MODELS / "qwen2-genai-int4")
    assert (read.model_type, read.head_dim, read.context_length) == ("qwen2", 16, 512)
    assert names(read) == ("model.onnx", "model.onnx.data", "tokenizer.json")
    assert (read.fim_family, read.fim_order, read.is_instruct) == ("qwen", "anchored", False)


def test_transformers_js_graphs_are_read_where_they_lie(folder):
    (folder / "onnx" / "model_fp16.onnx").write_bytes(b"graph")
    (folder / "onnx" / "model_q4.onnx_data").write_bytes(b"weights")
    (folder / "onnx" / "model_fp16.onnx_data_1").write_bytes(b"weights")
    assert names(read_export_folder(folder)) == (
        "onnx/model_q4.onnx",
        "onnx/model_q4.onnx_data",
        "tokenizer.json",
    )
    chosen = read_export_folder(folder, "onnx/model_fp16.onnx")
    assert names(chosen) == ("onnx/model_fp16.onnx", "onnx/model_fp16.onnx_data_1", "tokenizer.json")


def test_long_context_is_not_all_used(folder):
    (folder / "config.json").write_text(json.dumps({"max_position_embeddings": 131072}))
    assert read_export_folder(folder).context_length == MAX_CONTEXT_LENGTH


@pytest.mark.parametrize(
    ("config", "name", "is_instruct"),
    [
        ({"eos_token_id": 264}, "some-model", True),  # ends with <|im_end|>: it was taught to end turns
        ({"eos_token_id": [256, 264]}, "some-model", False),
        ({}, "Coder-1.5B-Instruct", True),
        ({}, "coder-2b-it", True),
        ({}, "coder-bits", False),
    ],
)
def test_instruct_models_are_recognized(folder, config, name, is_instruct):
    named = folder / name
    shutil.copytree(folder / "onnx", named / "onnx")
    shutil.copy(TOKENIZER, named)
    (named / "config.json").write_text(json.dumps(config))
    assert read_export_folder(named).is_instruct is is_instruct


@pytest.mark.parametrize(
    ("file", "text", "licence"),
    [
        ("README.md", "---\nlicense: apache-2.0\n---\n", "apache-2.0"),
        ("README.md", "---\nlicense: other\nlicense_name: qwen-research\n---\n", "qwen-research"),
        ("LICENSE", "MIT License\n\nCopyright", "MIT"),
        ("NOTES", "nothing", "unknown"),
    ],
)
def test_licence_is_read_from_card_and_file(folder, file, text, licence):
    (folder / file).write_text(text)
    assert read_export_folder(folder).licence == licence


def test_refusals_name_the_remedy(folder):
    assert "copy the whole export" in refusal(folder, "onnx/missing.onnx")
    (folder / "config.json").write_text("{broken")
    assert "copy the export again" in refusal(folder)
    (folder / "config.json").unlink()
    (folder / "onnx" / "model_q4.onnx").rename(folder / "onnx" / "decoder_model_merged.onnx")
    assert "take the model's newer export" in refusal(folder)
    (folder / "onnx" / "decoder_model_merged.onnx").rename(folder / "a.onnx")
    shutil.copy(folder / "a.onnx", folder / "b.onnx")
    assert "name the one to use" in refusal(folder)
    (folder / "b.onnx").unlink()
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["added_tokens"] = []
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    assert "no fill-in-the-middle tokens" in refusal(folder)
    (folder / "tokenizer.json").unlink()
    assert "copy it there" in refusal(folder)


class Vocabulary:
    def __init__(self, *tokens):
        self.control_id = dict.fromkeys(tokens, 1).get


@pytest.mark.parametrize(
    "template", [each for each in TEMPLATES if each.family != NONE], ids=lambda template: template.family
)
def test_family_is_known_by_its_tokens_and_its_name(template):
    tokens = template.control_tokens() | {template.separator, template.repository} - {""}
    assert detect_template(Vocabulary(*tokens), template.family).family == template.family


def test_model_that_fills_in_nothing_has_no_family_but_can_be_asked():
    assert detect_template(Vocabulary("<|im_start|>"), NONE) is None
    assert find_template(NONE, Vocabulary()).layout(FimOrder.SUFFIX_FIRST) == (Slot.PREFIX,)


def test_family_with_shared_tokens_is_known_by_its_file_token():
    fim = ("<fim_prefix>", "<fim_suffix>", "<fim_middle>")
    assert detect_template(Vocabulary(*fim, "<file_sep>", "<repo_name>"), "").family == "starcoder"
    assert detect_template(Vocabulary(*fim, "<filename>"), "").family == "mellum"
    assert detect_template(Vocabulary(*fim, "<filename>"), "granite-8b-code").family == "granite"
    assert detect_template(Vocabulary("<|endoftext|>"), "qwen2") is None
    assert detect_template(make_tokenizer(), "").family == "qwen" and CONTROL


IDS = Port("input_ids", ("b", "s"), "tensor(int64)")
LOGITS = Port("logits", ("b", "s", 9), "tensor(float)")


def ports(*more):
    return {port.name: port for port in more}


@pytest.mark.parametrize(
    ("inputs", "outputs", "words"),
    [
        (ports(IDS, Port("use_cache_branch", (1,), "tensor(bool)")), ports(LOGITS), "old merged decoder"),
        (ports(IDS), ports(LOGITS), "has no KV cache"),
        (ports(Port("inputs_embeds", ("b", "s", 4), "tensor(float)")), ports(LOGITS), "no input_ids"),
        (ports(IDS, Port("pixels", ("b", 3), "tensor(float)")), ports(LOGITS), "does not know how to feed"),
        (
            ports(IDS, Port("past_key_values.0.key", ("b", 2, "past", "open"), "tensor(float)")),
            ports(LOGITS, Port("present.0.key", (), "tensor(float)")),
            "leaves the head size open",
        ),
        (
            ports(IDS, Port("past_key_values.0.key", ("b", "past", 64), "tensor(float)")),
            ports(LOGITS, Port("present.0.key", (), "tensor(float)")),
            "does not know; export",
        ),
        (
            ports(IDS, Port("past_key_values.0.key", ("b", 2, "past", 8), "tensor(bfloat16)")),
            ports(LOGITS, Port("present.0.key", (), "tensor(bfloat16)")),
            "cannot feed",
        ),
    ],
)
def test_graph_that_cannot_be_fed_is_refused_in_one_sentence(inputs, outputs, words):
    with pytest.raises(SottoError) as caught:
        read_interface("model.onnx", inputs, outputs, None)
    assert words in str(caught.value) and "\n" not in str(caught.value)
