"""Bad model folders: one sentence each, that says what to do."""

import json
import shutil
from pathlib import Path

import pytest

import sotto_models
from sotto_engine.errors import SottoError
from sotto_engine.loading import ModelOptions, load_engine
from sotto_engine.model_files.manifest import MANIFEST_NAME, compute_sha256, load_manifest


@pytest.fixture
def model_dir(tmp_path):
    return Path(shutil.copytree(sotto_models.embedded_model_dir(), tmp_path / "model"))


def refusal(model_dir, options=None):
    with pytest.raises(SottoError) as refused:
        load_engine(model_dir, options or ModelOptions())
    sentence = str(refused.value)
    assert "\n" not in sentence and sentence.endswith(".")
    return sentence


def rewrite(model_dir, **changes):
    path = model_dir / MANIFEST_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def resign(model_dir, name):
    """Make the manifest agree with a file that a test has changed."""
    path = model_dir / MANIFEST_NAME
    manifest = json.loads(path.read_text())
    file = model_dir / name
    manifest["files"][name] = {"sha256": compute_sha256(file), "nbytes": file.stat().st_size}
    path.write_text(json.dumps(manifest))


def largest_file(model_dir):
    return max(model_dir.iterdir(), key=lambda path: path.stat().st_size)


def test_missing_folder_and_a_missing_manifest(tmp_path):
    assert "There is no .onnx file" in refusal(tmp_path)
    assert "There is no folder" in refusal(tmp_path / "nothing")


def test_missing_file(model_dir):
    largest_file(model_dir).unlink()
    assert "cannot be read" in refusal(model_dir)


def test_truncated_file(model_dir):
    path = largest_file(model_dir)
    path.write_bytes(path.read_bytes()[:-1000])
    assert "truncated" in refusal(model_dir)


def test_tampered_file(model_dir):
    path = largest_file(model_dir)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert "does not match the checksum" in refusal(model_dir)


def test_graph_that_is_none(model_dir):
    graph = model_dir / json.loads((model_dir / MANIFEST_NAME).read_text())["graph"]
    graph.write_bytes(b"not a graph")
    resign(model_dir, graph.name)
    assert "cannot be loaded" in refusal(model_dir)


def test_model_without_fim_tokens(model_dir):
    path = model_dir / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    tokenizer["added_tokens"] = [t for t in tokenizer["added_tokens"] if "fim" not in t["content"]]
    path.write_text(json.dumps(tokenizer))
    resign(model_dir, path.name)
    assert "choose a model with FIM tokens" in refusal(model_dir)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 99},
        {"context_length": "long"},
        {"fim": None},
        {"files": {}},
        {"graph": "../../etc/passwd"},
        {"stop_ids": ["a"]},
        {"min_probability": 2},
        {"languages": [1]},
        {"indentation": 4},
        {"indentation": "four"},
        {"indentation": "\t\t"},
        {"indentation": " " * 9},
    ],
)
def test_wrong_manifest(model_dir, changes):
    rewrite(model_dir, **changes)
    assert MANIFEST_NAME in refusal(model_dir)


def test_manifest_that_is_written_is_read_back(model_dir):
    manifest = load_manifest(model_dir)
    assert manifest.languages == ("python",)
    assert manifest.indentation == "    "
    (model_dir / MANIFEST_NAME).write_text(manifest.as_json())
    assert load_manifest(model_dir) == manifest


def test_manifest_that_is_no_json(model_dir):
    (model_dir / MANIFEST_NAME).write_text("{")
    assert "cannot be read as JSON" in refusal(model_dir)


def test_unknown_family_and_order(model_dir):
    assert "unknown" in refusal(model_dir, ModelOptions(fim_family="abc"))
    assert "unknown" in refusal(model_dir, ModelOptions(fim_order="abc"))
