"""Weights that windows share: the bits of a model's own files; and whatever is wrong with them, they are not used."""

import errno
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import platformdirs
import pytest

import sotto_models
from engine.test_embedded_model import cold, histories, sources
from sotto_engine import loading, packed_graph, packing
from sotto_engine.cancel import CancelFlag
from sotto_engine.engine import EngineOptions
from sotto_engine.errors import SottoError
from sotto_engine.export_folder import describe_model
from sotto_engine.loading import load_engine
from sotto_engine.model import Model
from sotto_engine.packed_graph import GRAPH_NAME, PackedGraph, packed_root, packed_size
from sotto_engine.packing import pack, share_weights
from sotto_engine.probe import some_tokens
from sotto_engine.request import CompletionRequest
from sotto_engine.warm_start import WarmStart
from sotto_lsp.models.store import ModelStore

EMBEDDED = sotto_models.embedded_model_dir()
EXPORTS = Path(__file__).parents[1] / "exporters" / "models"
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files or modes")
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """The user's cache folder, for which every model is large; memory is measured in fresh processes only."""
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    monkeypatch.setattr("sotto_engine.manifest.LARGE_NBYTES", 0)
    monkeypatch.setattr(packing, "_saves_memory", lambda *_: True)
    return packed_root()


@pytest.fixture
def loaded(monkeypatch):
    """Whether each graph that is loaded was a packed one."""
    calls = []

    def spy(graph, *arguments, is_packed=False, **options):
        calls.append(is_packed)
        return Model(graph, *arguments, is_packed=is_packed, **options)

    monkeypatch.setattr(loading, "Model", spy)
    return calls


@pytest.fixture
def packed(root):
    manifest = describe_model(EMBEDDED)
    graph = PackedGraph(manifest, root)
    assert "shared with other windows from now on" in pack(manifest, graph)
    return graph


def load(share=True, **options):
    return load_engine(EMBEDDED, EngineOptions(share_weights=share, **options))[0]


@pytest.mark.parametrize(
    "sizes", [(200,), (64, 64, 64, 8), (2, 3, 130, 33, 32), (63, 1, 1, 1, 2, 7, 1, 9, 115)]
)
def test_logits_and_rows_are_the_same_bits_however_a_prompt_is_cut(packed, sizes):
    manifest = describe_model(EMBEDDED)
    models = [
        Model(graph, manifest.context_length, is_packed=is_packed)
        for graph, is_packed in ((manifest.graph_path, False), (packed.find(), True))
    ]
    caches = [model.new_cache() for model in models]
    token_ids = some_tokens(sum(sizes))
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
    assert packing._answers(own) == packing._answers(shared)


@pytest.mark.usefixtures("packed")
def test_completions_are_the_same_bits_warm_and_cold(loaded):
    own, shared = load(share=None), load()
    assert loaded == [False, True]
    for request in histories("shared", 10):
        answers = [engine.complete(request, CancelFlag()) for engine in (own, shared, cold(own))]
        assert len({(answer.token_ids, answer.token_logprobs) for answer in answers}) == 1


def test_prompts_that_were_kept_before_go_on_with_shared_weights(root, loaded):
    options = {"warm_start": WarmStart("on", "file:///project"), "num_threads": 1}
    text = sources()[0]
    request = CompletionRequest(text[:4000], text[4000:6000], max_tokens=8, min_probability=0.0)
    before = load(**options)
    first = before.complete(request, CancelFlag())
    before.keep_prompts(lambda: False)
    manifest = describe_model(EMBEDDED)
    pack(manifest, PackedGraph(manifest, root))
    second = load(**options).complete(request, CancelFlag())
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
    restamp(folder, files=files | {GRAPH_NAME: packed_graph.stamp_of(path)})


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
def test_what_is_not_as_it_was_written_is_not_used_and_goes(packed, loaded, damage, caplog):
    caplog.set_level(logging.INFO)
    try:
        damage(packed.folder)
    except PermissionError:
        pytest.skip("only root can give files away")
    load()
    assert loaded[-1] is False, "the model's own files"
    assert not os.path.lexists(packed.folder)
    (line,) = [record for record in caplog.records if record.name == "sotto_engine.packed_graph"]
    assert "shared weights are not used" in line.message
    load()
    assert loaded[-1] is False and len(caplog.records) == 1, "one line, once"


@posix
def test_a_folder_that_others_can_write_to_is_neither_read_nor_touched(packed, loaded):
    packed_root().chmod(0o777)
    load()
    assert loaded == [False] and data_of(packed.folder).exists()


def test_nothing_is_found_for_another_model_processor_or_run_time(packed, monkeypatch, tmp_path):
    manifest = describe_model(EMBEDDED)
    assert PackedGraph(manifest).find() == packed.folder / GRAPH_NAME
    other = tmp_path / "other"
    shutil.copytree(EMBEDDED, other)
    told = json.loads((other / "manifest.json").read_text())
    told["files"]["model.onnx.data"]["sha256"] = "0" * 64
    (other / "manifest.json").write_text(json.dumps(told))
    assert PackedGraph(describe_model(other)).find() is None
    for name, value in (("_cpu", lambda: "another"), ("version", lambda _: "9.9")):
        with monkeypatch.context() as patch:
            patch.setattr(f"sotto_engine.start_memory.{name}", value)
            assert PackedGraph(manifest).find() is None
    assert packed.find() is not None, "what is of another is left alone"


def test_off_deletes_them_and_a_tool_leaves_them_alone(packed, loaded):
    load(share=None)
    assert packed.find() is not None
    load(share=False)
    assert loaded == [False, False] and not packed.folder.exists()


def test_a_small_model_has_none(packed, loaded, monkeypatch):
    monkeypatch.setattr("sotto_engine.manifest.LARGE_NBYTES", 1 << 30)
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    load()
    assert loaded == [False]
    packed.delete()
    share_weights(describe_model(EMBEDDED))


@pytest.mark.parametrize(
    ("answers", "saves", "why"),
    [(iter("ab"), True, "the same bits"), (None, False, "save no memory")],
    ids=["other bits", "no memory saved"],
)
def test_what_is_of_no_use_is_not_kept_and_not_tried_again(root, loaded, monkeypatch, answers, saves, why):
    monkeypatch.setattr(packing, "_answers", lambda _: next(answers)) if answers else None
    monkeypatch.setattr(packing, "_saves_memory", lambda *_: saves)
    manifest = describe_model(EMBEDDED)
    assert why in pack(manifest, PackedGraph(manifest))
    assert packed_size(root) == (0, 0)
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    share_weights(manifest)
    load()
    assert loaded == [False] and PackedGraph(manifest).folder.exists(), "that it was tried is remembered"


def test_a_full_disk_is_said_in_one_sentence(root, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, 10**9))
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    share_weights(describe_model(EMBEDDED))
    (record,) = caplog.records
    assert "not shared with other windows" in record.message and "only 1.0 GB left" in record.message
    assert list(root.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
def test_a_disk_that_gets_full_leaves_nothing(root):
    code = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 22, 1 << 22));"
        "sys.argv[0] = 'packing'; runpy.run_module('sotto_engine.packing', run_name='__main__')"
    )
    said = in_a_process(root, "-c", code).stdout.read()
    assert "not shared with other windows" in said
    assert list(root.iterdir()) == []


def test_a_write_that_fails_leaves_nothing(root, monkeypatch):
    def fail(_graph, target):
        target.write_bytes(b"begun")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(packing, "save_packed", fail)
    manifest = describe_model(EMBEDDED)
    with pytest.raises(OSError, match="No space"):
        pack(manifest, PackedGraph(manifest))
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("has_checksums", [True, False])
def test_a_model_that_changes_meanwhile_is_not_kept(root, monkeypatch, tmp_path, has_checksums):
    model = shutil.copytree(EMBEDDED, tmp_path / "model")
    if not has_checksums:
        told = json.loads((model / "manifest.json").read_text())
        told["files"] = {name: file | {"sha256": ""} for name, file in told["files"].items()}
        (model / "manifest.json").write_text(json.dumps(told))
    manifest = describe_model(model)

    def save_and_change(graph, target):
        packing_save(graph, target)
        with (model / "tokenizer.json").open("r+b") as file:
            file.write(b" ")

    packing_save = packing.save_packed
    monkeypatch.setattr(packing, "save_packed", save_and_change)
    with pytest.raises(SottoError, match="changed"):
        pack(manifest, PackedGraph(manifest))
    assert list(root.iterdir()) == []


def in_a_process(root, *how):
    how = how or ("-m", "sotto_engine.packing")
    return subprocess.Popen(
        [sys.executable, "-P", *how, str(root), str(EMBEDDED)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"XDG_CACHE_HOME": str(root.parent)},
    )


def test_processes_that_begin_at_once_leave_one_that_is_whole(root, loaded):
    processes = [in_a_process(root) for _ in range(3)]
    for process in processes:
        assert "from now on" in process.stdout.read()
        assert process.wait() == 0
    graph = PackedGraph(describe_model(EMBEDDED))
    assert list(root.iterdir()) == [graph.folder] and graph.find() is not None
    assert packed_size(root)[0] == 1
    load()
    assert loaded == [True]


def test_it_ends_with_the_window_and_the_next_one_removes_what_it_left(root):
    process = in_a_process(root)
    process.stdin.close()
    assert process.wait(60) == 1
    graph = PackedGraph(describe_model(EMBEDDED))
    assert graph.find() is None
    left = root / f".new-{graph.folder.name}-{process.pid}"
    left.mkdir(parents=True, exist_ok=True)  # it may have ended before it began to write
    assert in_a_process(root).stdout.read()
    assert list(root.iterdir()) == [graph.folder]


def test_a_window_begins_it_once_in_the_background(root, monkeypatch, caplog, tmp_path):
    caplog.set_level(logging.INFO)
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "numpy.py").write_text("raise SystemExit('code of the workspace was run')")
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    manifest = describe_model(EMBEDDED)
    share_weights(manifest)
    deadline = time.monotonic() + 60
    while not caplog.records:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert "from now on" in caplog.records[0].message
    assert PackedGraph(manifest).find() is not None
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    share_weights(manifest)


def test_nothing_is_begun_while_another_window_writes(root, monkeypatch):
    manifest = describe_model(EMBEDDED)
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    with PackedGraph(manifest).writing():
        share_weights(manifest)


def older(root, name, days, nbytes=10, run_time=None):
    folder = root / name
    folder.mkdir(mode=0o700)
    with (folder / GRAPH_NAME).open("wb") as file:
        file.truncate(nbytes)
    (folder / "stamp.json").write_text(
        json.dumps({"files": {}, "onnxruntime": run_time or packed_graph.version("onnxruntime")})
    )
    (folder / "stamp.json").chmod(0o600)
    used = time.time() - days * 86400
    os.utime(folder, (used, used))
    return folder


def test_old_ones_go_when_a_new_one_comes(root):
    root.mkdir(parents=True)
    kept = [older(root, "a1", 20), older(root, "a2", 0.5, run_time="1.0"), older(root, "a3", 1, 3 << 30)]
    gone = [older(root, "b1", 31), older(root, "b2", 2, run_time="1.0"), older(root, "b3", 21, 3 << 30)]
    manifest = describe_model(EMBEDDED)
    graph = PackedGraph(manifest)
    pack(manifest, graph)
    assert {*root.iterdir()} == {*kept, graph.folder}
    assert not any(folder.exists() for folder in gone)


def test_what_would_take_more_than_the_bound_is_not_begun(root, monkeypatch):
    monkeypatch.setattr(packed_graph, "_MAX_NBYTES_OF_ALL", 1 << 20)
    assert "more than" in PackedGraph(describe_model(EMBEDDED)).hindrance()


def test_a_model_that_is_removed_takes_them_along(root, tmp_path):
    store = ModelStore(tmp_path / "models")
    for name in ("one", "broken"):
        shutil.copytree(EMBEDDED, store.root / name)
    manifest = store.manifest("one")
    graph = PackedGraph(manifest)
    pack(manifest, graph)
    (store.root / "broken" / "manifest.json").write_text("{")
    store.remove("broken")
    assert graph.find() is not None
    store.remove("one")
    assert not graph.folder.exists() and not store.names()


def test_weights_that_were_written_wrongly_are_noticed(root, monkeypatch):
    def save_and_spoil(graph, target):
        packing_save(graph, target)
        data = bytearray(data_of(target.parent).read_bytes())
        for at in range(4096, len(data), 1 << 16):
            data[at] ^= 1
        data_of(target.parent).write_bytes(data)

    packing_save = packing.save_packed
    monkeypatch.setattr(packing, "save_packed", save_and_spoil)
    manifest = describe_model(EMBEDDED)
    graph = PackedGraph(manifest)
    assert "the same bits" in pack(manifest, graph)
    assert graph.find() is None
