"""Every step of the recipe as a person runs it, `python -m recipe.STEP`, one after the other on a toy corpus."""

import gzip
import json

import pytest

for extra in ("torch", "onnx", "safetensors", "matplotlib", "gguf"):
    pytest.importorskip(extra, reason=f"the extra `recipe` is not installed: no {extra}")

from models.command import step  # noqa: E402
from models.toy_corpus import PLANTED, module, wheel  # noqa: E402


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Two packages that need no download, one of them held out, and a benchmark of one problem."""
    folder = tmp_path_factory.mktemp("steps")
    downloads = folder / "downloads"
    downloads.mkdir()
    (folder / "plots").mkdir()
    files = {f"good/m{number}.py": module(number) for number in range(30)}
    wheel(downloads, "good", files | {"good/planted.py": PLANTED})
    wheel(downloads, "networkx", {f"networkx/h{number}.py": module(1000 + number) for number in range(12)})
    (folder / "packages.toml").write_text('[packages]\ngood = "1.0"\nnetworkx = "1.0"\n')
    head, line, rest = PLANTED.partition("            if abs(element - other) < threshold:\n")
    row = {"entry_point": "has_close_elements", "prompt": head, "canonical_solution": line, "suffix": rest}
    row["test"] = "def check(candidate):\n    assert candidate([1.0, 1.1], 0.5)\n"
    with gzip.open(folder / "benchmark.jsonl.gz", "wt") as out:
        out.write(json.dumps(row) + "\n")
    return folder


def test_steps_lead_from_packages_to_an_evaluated_model(cache):
    benchmark, run, model = cache / "benchmark.jsonl.gz", cache / "run", cache / "model"
    here, packages = ("--cache", cache), ("--packages", cache / "packages.toml")
    assert "good" in step("corpus.collect", *here, *packages, "--benchmark", benchmark, "--no-standard-library")
    assert "planted" not in (cache / "corpus.jsonl").read_text()
    assert "characters a token" in step("corpus.vocabulary", *here, "--size", 600)
    assert " rows, " in step("corpus.pack", *here, "--length", 512, "--epochs", 3, "--validation-rows", 4)
    step("corpus.audit", *here, "--benchmark", benchmark, "--length", 512)
    shape = ("--shape", "toy", "--length", 512, "--batch-rows", 4, "--no-compile")
    assert "saved" in step("train.train", *here, "--run", run, "--tokens", "60e3", *shape)
    step("train.curve", run, cache / "plots" / "training.png")
    checkpoint = run / "checkpoint"
    (checkpoint / "tokenizer.json").write_bytes((cache / "tokenizer.json").read_bytes())
    compared = ("--schemes", "float32", "int8-b32", "--rows", 1, "--work-dir", cache / "exports")
    assert "| int8-b32 |" in step("evaluation.compare", checkpoint, benchmark, *compared)
    assert "model.onnx" in step("export.export", checkpoint, model, "--scheme", "int8-b32")
    (model / "tokenizer.json").write_bytes((cache / "tokenizer.json").read_bytes())
    step("export.manifest", model, "--name", "toy", "--description", "A toy.")
    step("train.restore", model, cache / "restored")
    restored = ("--from-checkpoint", cache / "restored", "--seen", "60e3")
    assert "0.06 M tokens seen before" in step(
        "train.train", *here, "--run", cache / "run2", "--tokens", "64e3", *restored, *shape
    )
    assert " MB" in step("export.gguf", checkpoint, cache / "toy.gguf")
    questions = ("--held-out", cache / "held_out.jsonl", "--questions", 16, "--lines", benchmark)
    printed = step("evaluation.evaluate", model, *questions, "--work-dir", cache / "work", "--plots", cache / "plots")
    titles = [line.split("|")[1].strip() for line in printed.splitlines()]
    for part in (
        "loss, line",
        "HumanEval single line, pass@1",
        "keystrokes saved",
        "docstring, exact",
        "size, MB",
    ):
        assert any(title.startswith(part) for title in titles), part
    assert {path.name for path in (cache / "plots").iterdir()} == {
        "reliability.png",
        "training.png",
        "typing.png",
    }
