"""A file in parts, and the whole way of a training run over a machine with little room to carry."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `recipe` is not installed: no torch")

from models.command import step  # noqa: E402
from models.toy_corpus import module  # noqa: E402
from recipe.corpus import vocabulary  # noqa: E402
from recipe.train import optimizer, shards  # noqa: E402

_MODELS = Path(__file__).parents[2] / "onnx_models"
_SIZE = 1000


def noise(nbytes):
    """What does not get smaller: parts by the size that is asked for, compressed too."""
    return random.Random(nbytes).randbytes(nbytes)


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("nbytes", [0, 1, _SIZE - 1, _SIZE, _SIZE + 1, 3 * _SIZE, 200_001])
def test_joined_file_is_the_one_that_was_split(tmp_path, nbytes, compress):
    file, parts, joined = tmp_path / "some.text", tmp_path / "carry", tmp_path / "joined"
    file.write_bytes(noise(nbytes))
    index = shards.split(file, parts, _SIZE, compress)
    assert all((parts / part).stat().st_size <= _SIZE for part in index.parts)
    assert compress or len(index.parts) == -(-nbytes // _SIZE)
    assert shards.join(parts, "some.text", joined) == index
    assert joined.read_bytes() == file.read_bytes()


def test_compressed_text_takes_fewer_parts(tmp_path):
    file = tmp_path / "some.text"
    file.write_text("".join(map(module, range(20))))
    plain, compressed = (shards.split(file, tmp_path / "carry", _SIZE, compress) for compress in (False, True))
    assert len(compressed.parts) < len(plain.parts) / 3
    shards.join(tmp_path / "carry", file.name, tmp_path / "joined")
    assert (tmp_path / "joined").read_bytes() == file.read_bytes()


@pytest.fixture
def parts(tmp_path):
    """A folder with a file in five parts."""
    file = tmp_path / "some.text"
    file.write_bytes(noise(5 * _SIZE))
    shards.split(file, tmp_path / "carry", _SIZE)
    return tmp_path / "carry"


def failure(folder):
    """What `join` ends with, after which nothing was written and what was there before is left alone."""
    output = folder.parent / "joined"
    output.write_bytes(b"from an earlier time")
    before = sorted(folder.parent.iterdir())
    with pytest.raises(shards.ShardError) as caught:
        shards.join(folder, "some.text", output)
    assert sorted(folder.parent.iterdir()) == before
    assert output.read_bytes() == b"from an earlier time"
    return str(caught.value)


def test_missing_parts_are_named_and_nothing_is_written(parts):
    (parts / "some.text.001").unlink()
    assert failure(parts) == f"missing in {parts}: some.text.001"
    (parts / "some.text.004").unlink()
    assert failure(parts) == f"missing in {parts}: some.text.001, some.text.004"


@pytest.mark.parametrize("damage", [lambda part: part[:-1], lambda part: part[:500] + b"?" + part[501:]])
def test_broken_part_is_named_and_nothing_is_written(parts, damage):
    path = parts / "some.text.003"
    path.write_bytes(damage(path.read_bytes()))
    assert failure(parts) == f"broken in {parts}: some.text.003, whose SHA-256 is not the index's"


def test_missing_or_truncated_index_is_named(parts):
    index = parts / "some.text.json"
    for content in (index.read_text()[:-9], "{}", None):
        index.unlink() if content is None else index.write_text(content)
        assert failure(parts) == f"missing or broken in {parts}: some.text.json, which lists the parts"


def test_parts_of_another_file_are_refused(parts):
    index = parts / "some.text.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"sha256": "0" * 64}))
    assert "the parts of some.text make another file" in failure(parts)


def test_failed_command_says_why_in_one_line(parts):
    (parts / "some.text.002").unlink()
    command = [sys.executable, "-m", "recipe.train.shards", "join", parts, "some.text", parts / "joined"]
    environment = {**os.environ, "PYTHONPATH": str(_MODELS)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"missing in {parts}: some.text.002\n")
    assert not (parts / "joined").exists()


def test_run_goes_over_a_machine_with_little_room_to_carry(tmp_path):
    here, carry, there, back = (tmp_path / name for name in ("here", "carry", "there", "back"))
    here.mkdir()
    there.mkdir()
    for name, numbers in (("corpus.jsonl", range(30)), ("held_out.jsonl", range(1000, 1012))):
        rows = [{"package": "good", "path": f"good/m{number}.py", "text": module(number)} for number in numbers]
        (here / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        step("train.shards", "split", here / name, carry, "--size", "2e3", "--compress")
    assert (carry / "corpus.jsonl.001").exists()
    texts = vocabulary.sample(here / "corpus.jsonl", 100, seed=1)
    vocabulary.train(texts, 600).save(str(carry / "tokenizer.json"))

    for name in ("corpus.jsonl", "held_out.jsonl"):
        step("train.shards", "join", carry, name, there / name)
        assert (there / name).read_bytes() == (here / name).read_bytes()
    (there / "tokenizer.json").write_bytes((carry / "tokenizer.json").read_bytes())
    step(
        "corpus.pack",
        "--cache",
        there,
        "--processes",
        2,
        "--epochs",
        2,
        "--length",
        512,
        "--validation-rows",
        4,
    )
    run = there / "run"
    shape = ("--shape", "toy", "--length", 512, "--batch-rows", 4, "--rows", 4, "--no-compile")
    steps = []
    for _ in range(2):
        step("train.train", "--cache", there, "--run", run, *shape, "--tokens", "1e9", "--minutes", "0.01")
        steps.append(torch.load(run / "state.pt", weights_only=True)["step"])
    assert 0 < steps[0] < steps[1], "the second command goes on where the first one stopped"

    weights = run / "checkpoint" / "model.safetensors"
    for numbers in ("0:3", "3:"):  # each command's folder comes back, then it is emptied
        out = there / numbers[0]
        step("train.shards", "split", weights, out, "--size", "1e5", "--parts", numbers)
        back.mkdir(exist_ok=True)
        for file in out.iterdir():
            file.replace(back / file.name)
    step("train.shards", "join", back, weights.name, here / weights.name)
    assert (here / weights.name).read_bytes() == weights.read_bytes()


def test_stacked_matrices_are_updated_as_each_alone():
    torch.manual_seed(0)
    shapes = [(64, 64), (32, 64), (64, 64), (160, 64), (64, 160), (160, 64)]
    alone, stacked = (
        [torch.nn.Parameter(matrix.clone()) for matrix in matrices]
        for matrices in [[torch.randn(shape) for shape in shapes]] * 2
    )
    muons = optimizer.Muon(alone), optimizer.Muon(stacked, stacked=True)
    for _ in range(3):
        for one, other in zip(alone, stacked, strict=True):
            one.grad = torch.randn_like(one)
            other.grad = one.grad.clone()
        for muon in muons:
            muon.step()
    for one, other in zip(alone, stacked, strict=True):
        assert torch.allclose(one, other, atol=1e-3)  # a step is up to 0.03; bfloat16 may round a stack otherwise
    states = [muon.state_dict()["state"] for muon in muons]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][key]["momentum"], states[1][key]["momentum"]) for key in states[0])
