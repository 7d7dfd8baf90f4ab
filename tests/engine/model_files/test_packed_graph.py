"""Weights that windows share: the bits of a model's own files; and whatever is wrong with them, they are not used."""

import json
import logging
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import sotto_models
from engine.test_embedded_model import cold, histories, sources
from sotto_engine.cache.cache_store import WarmStart
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.loading import ModelOptions, load_engine
from sotto_engine.model import packing
from sotto_engine.model.onnx_model import Model
from sotto_engine.model.packing import pack, share_weights
from sotto_engine.model.probe import make_tokens
from sotto_engine.model_files import packed_graph
from sotto_engine.model_files.export_folder import describe_model
from sotto_engine.model_files.packed_graph import GRAPH_NAME, PackedGraph, packed_root
from sotto_engine.request import FillInRequest, Limits

EMBEDDED = sotto_models.embedded_model_dir()
EXPORTS = Path(__file__).parents[2] / "exporters" / "models"
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files or modes")


def load(share=True, warm_start=None, **options):
    return load_engine(EMBEDDED, ModelOptions(share_weights=share, **options), warm_start=warm_start)[0]


@pytest.mark.parametrize("sizes", [(200,), (64, 64, 64, 8), (2, 3, 130, 33, 32), (63, 1, 1, 1, 2, 7, 1, 9, 115)])
def test_packed_logits_and_rows_are_the_same_bits(packed, sizes):
    manifest = describe_model(EMBEDDED)
    models = [
        Model(graph, manifest.context_length, is_packed=is_packed)
        for graph, is_packed in ((manifest.graph_path, False), (packed.find(), True))
    ]
    caches = [model.new_cache() for model in models]
    token_ids = make_tokens(sum(sizes))
    for size in sizes:
        start = len(caches[0])
        own, shared = (
            model.forward(cache, token_ids[start : start + size], CancelFlag(), num_logits=min(size, 4))
            for model, cache in zip(models, caches, strict=True)
        )
        assert np.array_equal(own, shared)
    for ours, theirs in zip(caches[0].arrays(), caches[1].arrays(), strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("name", sorted(path.name for path in EXPORTS.iterdir() if path.is_dir()))
def test_graphs_of_every_kind_give_the_same_bits(root, name):
    """Their cache copied or written in place, with recurrent states, with experts, of three makers."""
    manifest = describe_model(EXPORTS / name)
    graph = PackedGraph(manifest)
    assert "from now on" in pack(manifest, graph)
    own = Model(manifest.graph_path, manifest.context_length, head_dim=manifest.head_dim)
    shared = Model(graph.find(), manifest.context_length, head_dim=manifest.head_dim, is_packed=True)
    assert packing._digest_passes(own) == packing._digest_passes(shared)


@pytest.mark.usefixtures("packed")
def test_completions_are_the_same_bits_warm_and_cold(loaded):
    own, shared = load(share=None), load()
    assert loaded == [False, True]
    for request in histories("shared", 10):
        answers = [run_steps(engine.complete(request, CancelFlag())) for engine in (own, shared, cold(own))]
        assert len({(answer.token_ids, answer.token_logprobs) for answer in answers}) == 1


def test_kept_prompts_go_on_with_shared_weights(root, loaded):
    options = {"warm_start": WarmStart("on", "file:///project"), "num_threads": 1}
    text = sources()[0]
    request = FillInRequest(text[:4000], text[4000:6000], limits=Limits(max_tokens=8, min_probability=0.0))
    before = load(**options)
    first = run_steps(before.complete(request, CancelFlag()))
    before.keep_prompts(lambda: False)
    manifest = describe_model(EMBEDDED)
    pack(manifest, PackedGraph(manifest, root))
    second = run_steps(load(**options).complete(request, CancelFlag()))
    assert loaded == [False, True]
    assert second.num_prompt_tokens - second.num_cached_tokens <= 2
    assert (second.token_ids, second.token_logprobs) == (first.token_ids, first.token_logprobs)


def data_of(folder):
    return folder / f"{GRAPH_NAME}.data"


def flip(folder):
    """One bit, with the size and the time as they were."""
    path = data_of(folder)
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(before.st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(folder):
    path = data_of(folder)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    path.chmod(0o600)


def link_file(folder):
    path = data_of(folder)
    path.rename(folder.parent / "elsewhere")
    path.symlink_to(folder.parent / "elsewhere")


def link_folder(folder):
    folder.rename(folder.parent / "elsewhere")
    folder.symlink_to(folder.parent / "elsewhere")


def restamp(folder, **fields):
    path = folder / "stamp.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def spoil(folder):
    """Wrong bytes with the right stamp, as if whoever wrote them had gone wrong."""
    path = folder / GRAPH_NAME
    path.write_bytes(b"\x08no graph" * 100)
    files = json.loads((folder / "stamp.json").read_text())["files"]
    restamp(folder, files=files | {GRAPH_NAME: packed_graph.file_stamp(path)})


DAMAGES = {
    "a bit is flipped": flip,
    "another file of the same bytes": replace,
    "cut off": lambda folder: os.truncate(data_of(folder), 5_000_000),
    "weights are missing": lambda folder: data_of(folder).unlink(),
    "graph is missing": lambda folder: (folder / GRAPH_NAME).unlink(),
    "stamp is missing": lambda folder: (folder / "stamp.json").unlink(),
    "stamp is no JSON": lambda folder: (folder / "stamp.json").write_text("{"),
    "stamp is a list": lambda folder: (folder / "stamp.json").write_text("[]"),
    "stamp without files": lambda folder: restamp(folder, files=None),
    "of another run time": lambda folder: restamp(folder, facts="[1]"),
    "a file too many": lambda folder: (folder / "more").write_bytes(b""),
    "wrong from the start": spoil,
    "an empty folder": lambda folder: [path.unlink() for path in folder.iterdir()],
}
POSIX_DAMAGES = {
    "weights open to others": lambda folder: data_of(folder).chmod(0o640),
    "stamp open to others": lambda folder: (folder / "stamp.json").chmod(0o666),
    "folder open to others": lambda folder: folder.chmod(0o755),
    "a link to the weights": link_file,
    "a link to the folder": link_folder,
    "of another owner": lambda folder: os.chown(data_of(folder), 12345, -1),
    "folder of another owner": lambda folder: os.chown(folder, 12345, -1),
}


@pytest.mark.parametrize(
    "damage",
    [
        *(pytest.param(damage, id=name) for name, damage in DAMAGES.items()),
        *(pytest.param(damage, id=name, marks=posix) for name, damage in POSIX_DAMAGES.items()),
    ],
)
def test_damaged_packed_graph_is_not_used_and_goes(packed, loaded, damage, caplog):
    caplog.set_level(logging.INFO)
    try:
        damage(packed.folder)
    except PermissionError:
        pytest.skip("only root can give files away")
    load()
    assert loaded[-1] is False, "the model's own files"
    assert not os.path.lexists(packed.folder)
    (line,) = [record for record in caplog.records if record.name == "sotto_engine.model_files.packed_graph"]
    assert "shared weights are not used" in line.message
    load()
    assert loaded[-1] is False and len(caplog.records) == 1, "one line, once"


@posix
def test_folder_open_to_others_is_neither_read_nor_touched(packed, loaded):
    packed_root().chmod(0o777)
    load()
    assert loaded == [False] and data_of(packed.folder).exists()


def test_packed_graph_of_other_model_cpu_runtime_is_not_found(packed, monkeypatch, tmp_path):
    manifest = describe_model(EMBEDDED)
    assert PackedGraph(manifest).find() == packed.folder / GRAPH_NAME
    other = tmp_path / "other"
    shutil.copytree(EMBEDDED, other)
    fields = json.loads((other / "manifest.json").read_text())
    fields["files"]["model.onnx.data"]["sha256"] = "0" * 64
    (other / "manifest.json").write_text(json.dumps(fields))
    assert PackedGraph(describe_model(other)).find() is None
    for name, value in (("_cpu", lambda: "another"), ("version", lambda _: "9.9")):
        with monkeypatch.context() as patch:
            patch.setattr(f"sotto_engine.model_files.start_memory.{name}", value)
            assert PackedGraph(manifest).find() is None
    assert packed.find() is not None, "what is of another is left alone"


def test_off_deletes_packed_weights_and_none_leaves_them(packed, loaded):
    load(share=None)
    assert packed.find() is not None
    load(share=False)
    assert loaded == [False, False] and not packed.folder.exists()


def test_small_model_has_no_packed_graph(packed, loaded, monkeypatch):
    monkeypatch.setattr("sotto_engine.model_files.manifest.LARGE_NBYTES", 1 << 30)
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    load()
    assert loaded == [False]
    packed.delete()
    share_weights(describe_model(EMBEDDED))
