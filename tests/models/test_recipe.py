"""The recipe on a toy corpus: cleaned, decontaminated, held out, packed, trained, resumed, exported."""

import gzip
import json
import random

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `recipe` is not installed: no torch")
pytest.importorskip("onnx", reason="the extra `recipe` is not installed: no onnx")

from tokenizers import Tokenizer  # noqa: E402

from models.toy_corpus import PLANTED, module, wheel  # noqa: E402
from recipe.corpus import collect, pack, vocabulary  # noqa: E402
from recipe.corpus.audit import audit, forbidden_packages  # noqa: E402
from recipe.corpus.clean import Deduplicator, is_source, mask_secrets  # noqa: E402
from recipe.corpus.cuts import cut  # noqa: E402
from recipe.corpus.decontaminate import Benchmark  # noqa: E402
from recipe.corpus.edits import TASKS, edit  # noqa: E402
from recipe.corpus.examples import END, MIDDLE, PAD, PREFIX, ExampleMaker  # noqa: E402
from recipe.corpus.library import Document, Library  # noqa: E402
from recipe.corpus.pack import Selection, has_plain_functions  # noqa: E402
from recipe.corpus.signature import find_signatures  # noqa: E402
from recipe.train import train  # noqa: E402


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """All steps up to packed rows, as a person would run them."""
    folder = tmp_path_factory.mktemp("cache")
    rows = folder / "benchmark.jsonl.gz"
    with gzip.open(rows, "wt") as out:
        out.write(json.dumps({"entry_point": "has_close_elements", "prompt": PLANTED, "suffix": ""}) + "\n")
    good = {f"good/m{number}.py": module(number) for number in range(30)}
    good |= {"good/planted.py": PLANTED, "good/z_copy.py": module(0) + "\nx = 1\n"}
    good |= {"good/_vendor/other.py": module(500), "good/table.py": "DATA = [\n" + "1, 2, 3,\n" * 300 + "]\n"}
    archives = [
        wheel(folder, "good", good),
        wheel(folder, "networkx", {f"networkx/h{number}.py": module(1000 + number) for number in range(12)}),
        wheel(folder, "copyleft", {"copyleft/a.py": module(2000)}, licence="GPL-3.0-only"),
        wheel(folder, "pygls", {"pygls/a.py": module(3000)}),
    ]
    manifest = collect.build(archives, folder, Benchmark.load([rows]), standard_library=False)
    (folder / "seen.json").write_text(json.dumps(manifest))
    texts = vocabulary.sample(folder / "corpus.jsonl", 100, seed=1)
    vocabulary.train(texts, 600).save(str(folder / "tokenizer.json"))
    pack.pack_validation(folder, folder, 1024, 2)
    assert pack.pack_training(folder, folder, 1024, epochs=range(4), num_slices=2) > 20
    return folder


def test_corpus_lacks_what_must_not_be_learned(cache):
    paths = [json.loads(line)["path"] for line in (cache / "corpus.jsonl").read_text().splitlines()]
    assert sorted(paths) == sorted(f"good/m{number}.py" for number in range(30))
    manifest = json.loads((cache / "seen.json").read_text())
    assert {entry["name"] for entry in manifest["refused"]} == {"copyleft", "pygls"}


def test_held_out_and_benchmark_text_is_not_in_packed_rows(cache):
    tokenizer = Tokenizer.from_file(str(cache / "tokenizer.json"))
    rows = np.fromfile(cache / "train.bin", np.uint16).reshape(-1, 1025)
    text = tokenizer.decode(rows[:, :-1].flatten().tolist(), skip_special_tokens=True)
    held_out = [json.loads(line)["text"] for line in (cache / "held_out.jsonl").read_text().splitlines()]
    assert len(held_out) == 12
    names = {line.split("(")[0] for each in held_out for line in each.split("\n") if line.startswith("def ")}
    learned = text.split("def ")
    assert not [name for name in names if any(part.startswith(name[4:] + "(") for part in learned)]
    assert "has_close_elements" not in text and "closer to each other" not in text
    benchmark = Benchmark.load([cache / "benchmark.jsonl.gz"])
    assert not audit(rows, tokenizer, held_out, benchmark)
    assert forbidden_packages(cache / "train.sources.jsonl") == []


def test_audit_sees_what_was_packed_by_mistake(cache):
    tokenizer = Tokenizer.from_file(str(cache / "tokenizer.json"))
    held_out = Library.read(cache / "held_out.jsonl").documents[0].text
    dice = random.Random(1)
    documents = [Document("good", "a.py", PLANTED * 2), Document("good", "b.py", held_out)]
    rows = [
        row for document in documents for row in pack.rows_of(Library(documents), [document], tokenizer, dice, 1024)
    ]
    benchmark = Benchmark.load([cache / "benchmark.jsonl.gz"])
    findings = audit(np.array(rows), tokenizer, [held_out], benchmark)
    assert findings.benchmark_rows and findings.held_out_rows


def test_rows_hold_whole_examples_and_little_padding(cache):
    rows = np.fromfile(cache / "train.bin", np.uint16).reshape(-1, 1025)
    for row in rows:
        *_, last = row[row != PAD]
        assert last == END
        assert (row == PREFIX).sum() == (row == MIDDLE).sum() <= (row == END).sum()
    assert (rows == PAD).mean() < 0.15  # of a toy corpus; of the real one 1 %


def test_resumed_run_equals_one_that_was_never_stopped(cache, tmp_path):
    torch.set_num_threads(1)
    config = train.make_config(64, 2, 600, head_dim=32)
    whole = plan = train.Plan(num_tokens=12 * 2048, batch_tokens=2048, rows_a_pass=2, compile=False)
    train.Trainer(config, cache, tmp_path / "whole", whole).train()
    first = train.Trainer(config, cache, tmp_path / "parts", plan)
    for _ in range(5):
        first._one_step()
    first.save()
    second = train.Trainer(config, cache, tmp_path / "parts", plan)
    assert second.step == 5
    second.train()
    one, other = (torch.load(tmp_path / name / "state.pt", weights_only=True)["model"] for name in ("whole", "parts"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_training_learns_and_its_checkpoint_is_exported(cache, tmp_path):
    from recipe.export.decoder_config import read_config, read_weights
    from recipe.export.reference import reference_logits

    torch.set_num_threads(1)
    plan = train.Plan(60 * 2048, batch_tokens=2048, rows_a_pass=2, decay_from=30 * 2048, compile=False)
    trainer = train.Trainer(train.make_config(64, 2, 600, head_dim=32), cache, tmp_path / "run", plan)
    before = trainer.validate()
    trainer.train()
    after = trainer.validate()
    assert set(after) == set(pack.KINDS) and all(after[kind] < before[kind] - 0.5 for kind in after)
    folder = tmp_path / "run" / "checkpoint"
    ids = np.fromfile(cache / "train.bin", np.uint16)[:64].astype(np.int64)
    logits = reference_logits(
        read_config(folder / "config.json"), read_weights(folder / "model.safetensors"), ids.tolist()
    )
    targets = torch.from_numpy(ids[1:])
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(logits[:-1]), targets)
    assert loss.item() < 6.0, "the exported checkpoint is the model that was trained"


TYPED = """class Store:
    def load(self, path: str, *, depth: int = 0) -> dict[str, list[int]]:
        \"\"\"Read what lies at the path.\"\"\"
        result = {}
        for name in self.names(path):
            if depth == 1 and name not in result:
                result[name] = [len(name), depth + 1]
        return result

    def names(self, path):
        return sorted(path)
"""


def test_edits_restore_the_code_and_every_kind_comes_up():
    tasks = {}
    for seed in range(300):
        task = edit(TYPED, random.Random(seed))
        if task is not None:
            assert task.prefix + task.answer + task.suffix == TYPED
            tasks.setdefault(task.task, []).append(task)
    assert set(tasks) == set(TASKS)
    unchanged = [task for task in tasks["fix"] if task.region == task.answer]
    assert 0 < len(unchanged) < len(tasks["fix"]) / 2
    assert tasks["types"][0].region == "    def load(self, path, *, depth=0):\n"
    assert tasks["docstring"][0].answer == '        """Read what lies at the path."""\n'
    renamed = tasks["rename"][0]
    assert renamed.region.split("\n", 1)[0].split()[1] == "result" and "result[" not in renamed.region


def test_signature_loses_its_annotations_only():
    commented = "async def f(\n    a: dict[str, int] = {},  # not read\n): pass\n"
    text = commented + "def g(a=(1, 2), *b: int) -> 'X':\n    pass\n"
    assert [signature.plain for signature in find_signatures(text)] == ["def g(a=(1, 2), *b):\n"]


def test_example_too_long_loses_what_is_farthest_from_the_cursor(cache):
    tokenizer = pack.load_tokenizer(cache / "tokenizer.json")
    for seed in range(60):
        maker = ExampleMaker(tokenizer, random.Random(seed))
        parts = maker.fim_parts(cut(module(seed) * 3, random.Random(seed)))
        ids = parts.ids(512)
        if ids is None:
            continue
        assert len(ids) <= 512 and ids[-1] == END and ids[0] == PREFIX
        assert ids[-1 - len(parts.answer) : -1] == parts.answer
        whole = parts.ids(100_000)
        assert len(whole) <= 512 or len(ids) == 512


def test_name_from_another_file_brings_its_definition_along():
    used = Document("p", "a.py", "from b import load_the_table\n\nprint(load_the_table(1))\n")
    other = Document("p", "b.py", "X = 1\n\ndef load_the_table(n):\n    return n\n\ndef unrelated():\n    pass\n")
    library = Library([used, other, Document("q", "c.py", other.text)])
    (related,) = library.related(used, used.text, 3, random.Random(0))
    assert (related.path, related.text) == ("b.py", "def load_the_table(n):\n    return n")
    assert library.related(other, other.text, 3, random.Random(0)) == []


def test_control_token_spelled_in_code_is_text(cache):
    ids = pack.load_tokenizer(cache / "tokenizer.json").encode("<|fim_middle|>").ids
    assert len(ids) > 1 and min(ids) >= 16


def test_cuts_lose_nothing_and_every_kind_comes_up():
    kinds = set()
    for seed in range(200):
        text = module(seed)
        parts = cut(text, random.Random(seed))
        assert parts.prefix + parts.middle + parts.suffix == text
        kinds.add(parts.kind)
    assert kinds == {"line", "mid-line", "block", "body", "any"}


def test_selection_takes_plain_functions_before_the_rest():
    function = "def add(left,\n    right\n):\n    # both\n    return left + right\n\n\n"
    method = "class Sum:\n    def add(self, right):\n        return self.left + right\n"
    plain, other, test = (
        [Document("p", f"{name}{number}.py", text) for number in range(4)]
        for name, text in (("a", function * 3), ("b", method + function), ("test_a", function))
    )
    assert all(map(has_plain_functions, plain)) and not any(map(has_plain_functions, [*other, *test]))
    limits = Selection(2 * len(plain[0].text), {"p": 2}, max_other_chars=len(other[0].text))
    assert limits.of([*plain, *other]) == [*plain[:2], other[0]] * 2
    whole = Selection(2 * len(plain[0].text), {})
    assert whole.of([*plain, *other]) == plain[:2], "without a limit of their own they count with the rest"


def test_benchmark_is_not_what_every_program_has(tmp_path):
    digits = "digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]\n"
    row = {"text": "Write a class.", "code": f"class A:\n    def __init__(self):\n        {digits}"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    benchmark = Benchmark.load([tmp_path / "rows.jsonl"])
    assert not benchmark.contaminates(f"class B:\n    def __init__(self):\n        self.{digits}")
    assert benchmark.contaminates(row["code"] * 2 + "write a class class a def __init__ self digits 0 1 2 3")


def test_secrets_are_masked_and_copies_seen():
    text = "key = 'ghp_" + "a1B2" * 10 + "'\nhash = '" + "0f" * 20 + "'\n"
    assert "a1B2" not in mask_secrets(text) and "0f0f" not in mask_secrets(text)
    deduplicator = Deduplicator()
    assert deduplicator.is_new(module(1)) and not deduplicator.is_new(module(1).replace("\n\n\n", "\n\n"))
    assert is_source("a/b.py", module(1)) and not is_source("a/_vendor/b.py", module(1))


def test_packages_are_pinned_and_banned_ones_stay_out():
    packages = collect.read_packages(collect.PACKAGES)
    assert len(packages) > 100 and all(version[0].isdigit() for version in packages.values())
    assert not {name.lower().replace("-", "_") for name in packages} & collect.BANNED
