"""`sotto models`: exports become checked, faster copies; everything unsound is refused in one sentence."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

onnx = pytest.importorskip("onnx", reason="preparing models needs the `prepare` extra: onnx is missing")

EXPORTS = Path(__file__).parents[2] / "exporters" / "models"
TRANSFORMERS_JS = EXPORTS / "qwen2-optimum-int4"


@pytest.fixture
def sotto(tmp_path):
    """Runs the command on a store of its own."""

    def run(*arguments, **more):
        environment = os.environ | {"SOTTO_MODELS": str(tmp_path / "store")} | more
        command = [sys.executable, "-m", "sotto_lsp", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)

    return run


@pytest.fixture
def export(tmp_path):
    return shutil.copytree(TRANSFORMERS_JS, tmp_path / "tiny-coder")


def refusal(done):
    assert done.returncode == 1 and done.stderr.splitlines()[-1].startswith("sotto: "), done.stderr
    return done.stderr.splitlines()[-1]


def test_export_is_added_prepared_listed_used_and_removed(sotto, export, tmp_path):
    before = {path: path.read_bytes() for path in export.rglob("*") if path.is_file()}
    added = sotto("models", "add", export)
    assert added.returncode == 0, added.stderr
    assert "tok/s" in added.stdout and "logits within" in added.stdout
    for step in (
        "accuracy_level 4 on 11 matrices",
        "embedding",
        "logits of the last tokens only",
        "files name no licence",
    ):
        assert step in added.stdout
    assert before == {path: path.read_bytes() for path in export.rglob("*") if path.is_file()}
    manifest = json.loads((tmp_path / "store" / "tiny-coder" / "manifest.json").read_text())
    assert all(len(file["sha256"]) == 64 for file in manifest["files"].values())
    assert sotto("models", "use", "tiny-coder").returncode == 0
    assert "* tiny-coder" in sotto("models", "list").stdout
    listed = {row.pop("name"): row for row in json.loads(sotto("models", "list", "--json").stdout)}
    assert [name for name, row in listed.items() if row["used"]] == ["tiny-coder"]
    assert listed["tiny-coder"]["folder"] == str(tmp_path / "store" / "tiny-coder")
    assert not listed["embedded"]["used"] and "Apache-2.0" in listed["embedded"]["summary"]
    assert "every file matches" in sotto("models", "verify").stdout
    report = json.loads(sotto("doctor", "--json").stdout)
    assert report["model"] == "tiny-coder" and report["checksum"] == "matches" and report["advice"] == []
    assert sotto("models", "remove", "tiny-coder").returncode == 0
    assert "* embedded" in sotto("models", "list").stdout


@pytest.mark.parametrize("option", [[], ["--no-prepare"]], ids=["prepared", "as it is"])
def test_chat_template_is_copied_with_a_model(sotto, export, tmp_path, option):
    (export / "chat_template.jinja").write_text("{{ messages[0].content }}")
    assert sotto("models", "add", export, *option).returncode == 0
    added = tmp_path / "store" / "tiny-coder"
    assert (added / "chat_template.jinja").read_text() == "{{ messages[0].content }}"
    assert "chat_template.jinja" in json.loads((added / "manifest.json").read_text())["files"]


def test_name_of_a_model_serves_as_a_folder_does(sotto, export):
    sotto("models", "add", export, "--name", "mine", "--no-prepare")
    (export / "app.py").write_text("x = 1\n")
    done = sotto("complete", export / "app.py:1:5", "--model", "mine", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["promptTokens"] > 0


def test_linked_model_stays_where_it_is(sotto, export, tmp_path):
    assert sotto("models", "add", export, "--link").returncode == 0
    assert (tmp_path / "store" / "tiny-coder" / "model.onnx").is_symlink()


def test_graph_of_a_repository_can_be_named(sotto, export):
    (export / "onnx").mkdir()
    (export / "model.onnx").rename(export / "onnx" / "model_q4.onnx")
    assert sotto("models", "add", export / "onnx" / "model_q4.onnx").returncode == 0
    assert "tiny-coder" in sotto("models", "list").stdout


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".zip"])
def test_archive_is_unpacked(sotto, export, tmp_path, suffix):
    archive = tmp_path / f"carried{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as zipped:
            for path in export.iterdir():
                zipped.write(path, f"tiny-coder/{path.name}")
    else:
        with tarfile.open(archive, "w:gz" if suffix == ".tar.gz" else "w") as tarred:
            tarred.add(export, "tiny-coder")
    assert sotto("models", "add", archive, "--no-prepare").returncode == 0
    assert "carried" in sotto("models", "list").stdout


def plant_tar_member(archive, name):
    with tarfile.open(archive, "w") as tarred:
        member = tarfile.TarInfo(name)
        member.size = 4
        tarred.addfile(member, io.BytesIO(b"evil"))


def test_archive_that_leaves_its_folder_is_refused(sotto, tmp_path):
    plant_tar_member(tmp_path / "a.tar", "../../evil")
    assert "leaves its folder" in refusal(sotto("models", "add", tmp_path / "a.tar"))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as zipped:
        zipped.writestr("../evil", "evil")
    assert "leaves its folder" in refusal(sotto("models", "add", tmp_path / "b.zip"))
    (tmp_path / "c.tar").write_bytes(b"no archive")
    assert "cannot be unpacked" in refusal(sotto("models", "add", tmp_path / "c.tar"))
    assert not (tmp_path / "evil").exists() and not list((tmp_path / "store").glob("*"))


@pytest.mark.parametrize("option", [[], ["--no-prepare"]], ids=["prepared", "as it is"])
@pytest.mark.parametrize("location", ["../weights", "/etc/hostname", "linked", "missing"])
def test_weights_outside_the_folder_are_refused(sotto, export, tmp_path, location, option):
    model = onnx.load(export / "model.onnx")
    (tmp_path / "weights").write_bytes(bytes(1 << 16))
    (export / "linked").symlink_to(tmp_path / "weights")
    tensor = next(t for t in model.graph.initializer if len(t.raw_data) > 1024)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.append(onnx.StringStringEntryProto(key="location", value=location))
    (export / "model.onnx").write_bytes(model.SerializeToString())
    words = {"linked": "a link out of its folder", "missing": "copy the whole export again"}
    reason = refusal(sotto("models", "add", export, *option))
    assert words.get(location, "outside its folder") in reason and "onnxruntime" not in reason.lower()


def test_weights_of_any_name_in_the_folder_come_along(sotto, export, tmp_path):
    onnx.save_model(
        onnx.load(export / "model.onnx"), export / "model.onnx", save_as_external_data=True, location="w.bin"
    )
    assert sotto("models", "add", export, "--no-prepare").returncode == 0
    assert (tmp_path / "store" / "tiny-coder" / "w.bin").stat().st_size > 1000


def test_tokenizer_that_is_missing_is_refused(sotto, export):
    (export / "tokenizer.json").unlink()
    assert "There is no tokenizer.json" in refusal(sotto("models", "add", export))


@pytest.mark.parametrize("option", [[], ["--no-prepare"]], ids=["prepared", "as it is"])
def test_merged_decoder_is_refused_by_its_name_and_by_its_inputs(sotto, export, option):
    model = onnx.load(export / "model.onnx")
    model.graph.input.append(onnx.helper.make_tensor_value_info("use_cache_branch", onnx.TensorProto.BOOL, [1]))
    (export / "model.onnx").write_bytes(model.SerializeToString())
    assert "old merged decoder" in refusal(sotto("models", "add", export, *option))
    (export / "model.onnx").rename(export / "decoder_model_merged.onnx")
    assert "separate or merged decoders" in refusal(sotto("models", "add", export, *option))


def test_link_out_of_the_folder_is_refused(sotto, export, tmp_path):
    (export / "tokenizer.json").rename(tmp_path / "elsewhere.json")
    (export / "tokenizer.json").symlink_to(tmp_path / "elsewhere.json")
    assert "copy the files themselves" in refusal(sotto("models", "add", export))


def test_checksums_that_are_wrong_are_refused(sotto, export):
    (export / "SHA256SUMS").write_text(f"{'0' * 64}  model.onnx\n")
    assert "does not match its checksum" in refusal(sotto("models", "add", export))
    (export / "SHA256SUMS").write_text(f"{'0' * 64}  ../model.onnx\n")
    assert "not in its folder" in refusal(sotto("models", "add", export))


def test_changed_file_is_noticed_later(sotto, export, tmp_path):
    sotto("models", "add", export)
    with (tmp_path / "store" / "tiny-coder" / "tokenizer.json").open("a") as file:
        file.write(" ")
    assert "bytes instead of" in refusal(sotto("models", "verify", "tiny-coder"))


def test_broken_graph_is_refused_with_and_without_preparation(sotto, export):
    (export / "model.onnx").write_bytes(b"no graph")
    assert "cannot be read as ONNX" in refusal(sotto("models", "add", export))
    assert "cannot be loaded" in refusal(sotto("models", "add", export, "--no-prepare"))


def test_preparation_that_changes_the_answers_is_refused(sotto, export, tmp_path):
    # a fault planted in the last step: the embedding's rows come in another order
    fault = tmp_path / "fault"
    fault.mkdir()
    (fault / "sitecustomize.py").write_text(
        "import sotto_models.preparing.tables as tables\n"
        "honest = tables.quantize\n"
        "tables.quantize = lambda table, *rest: honest(table[::-1], *rest)\n"
    )
    done = sotto("models", "add", export, PYTHONPATH=str(fault))
    assert "computes something else" in refusal(done) and "--no-prepare" in done.stderr
    assert "tiny-coder" not in sotto("models", "list").stdout


def test_names_are_checked(sotto, export):
    assert "is no name" in refusal(sotto("models", "add", export, "--name", "../up"))
    assert sotto("models", "add", export, "--no-prepare").returncode == 0
    assert "already" in refusal(sotto("models", "add", export, "--no-prepare"))
    assert "There is no model 'other'" in refusal(sotto("models", "use", "other"))
    assert "There is no model 'other'" in refusal(sotto("doctor", "--model", "other"))
