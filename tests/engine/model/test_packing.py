"""How the weights that windows share come to be written: in a process of its own, whole or not at all."""

import errno
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections import namedtuple

import pytest

import sotto_models
from sotto_engine.errors import SottoError
from sotto_engine.loading import ModelOptions, load_engine
from sotto_engine.model import packing
from sotto_engine.model.packing import pack, share_weights
from sotto_engine.model_files import packed_graph
from sotto_engine.model_files.export_folder import describe_model
from sotto_engine.model_files.packed_graph import GRAPH_NAME, PackedGraph, measure_packed
from sotto_models.store import ModelStore

EMBEDDED = sotto_models.embedded_model_dir()
Usage = namedtuple("Usage", "total used free")


def load():
    return load_engine(EMBEDDED, ModelOptions(share_weights=True))[0]


@pytest.mark.parametrize(
    ("answers", "saves", "why"),
    [(iter("ab"), True, "the same bits"), (None, False, "save no memory")],
    ids=["other bits", "no memory saved"],
)
def test_packing_of_no_use_is_not_kept_and_not_tried_again(root, loaded, monkeypatch, answers, saves, why):
    monkeypatch.setattr(packing, "_digest_passes", lambda _: next(answers)) if answers else None
    monkeypatch.setattr(packing, "_saves_memory", lambda *_: saves)
    manifest = describe_model(EMBEDDED)
    assert why in pack(manifest, PackedGraph(manifest))
    assert measure_packed(root) == (0, 0)
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    share_weights(manifest)
    load()
    assert loaded == [False] and PackedGraph(manifest).folder.exists(), "that it was tried is remembered"


def test_full_disk_is_one_sentence_in_the_log(root, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, 10**9))
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    share_weights(describe_model(EMBEDDED))
    (record,) = caplog.records
    assert "not shared with other windows" in record.message and "only 1.0 GB left" in record.message
    assert list(root.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
def test_full_disk_during_packing_leaves_nothing(root):
    code = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 22, 1 << 22));"
        "sys.argv[0] = 'packing'; runpy.run_module('sotto_engine.model.packing', run_name='__main__')"
    )
    output = in_a_process(root, "-c", code).stdout.read()
    assert "not shared with other windows" in output
    assert list(root.iterdir()) == []


def test_failed_write_leaves_nothing(root, monkeypatch):
    def fail(_graph, target):
        target.write_bytes(b"begun")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(packing, "save_packed", fail)
    manifest = describe_model(EMBEDDED)
    with pytest.raises(OSError, match="No space"):
        pack(manifest, PackedGraph(manifest))
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("has_checksums", [True, False])
def test_changed_model_is_not_kept(root, monkeypatch, tmp_path, has_checksums):
    model = shutil.copytree(EMBEDDED, tmp_path / "model")
    if not has_checksums:
        fields = json.loads((model / "manifest.json").read_text())
        fields["files"] = {name: file | {"sha256": ""} for name, file in fields["files"].items()}
        (model / "manifest.json").write_text(json.dumps(fields))
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
    how = how or ("-m", "sotto_engine.model.packing")
    return subprocess.Popen(
        [sys.executable, "-P", *how, str(root), str(EMBEDDED)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"XDG_CACHE_HOME": str(root.parent)},
    )


def test_concurrent_packing_leaves_one_whole_graph(root, loaded):
    processes = [in_a_process(root) for _ in range(3)]
    for process in processes:
        assert "from now on" in process.stdout.read()
        assert process.wait() == 0
    graph = PackedGraph(describe_model(EMBEDDED))
    assert list(root.iterdir()) == [graph.folder] and graph.find() is not None
    assert measure_packed(root)[0] == 1
    load()
    assert loaded == [True]


def test_packing_ends_with_the_window_and_leftovers_go(root):
    process = in_a_process(root)
    process.stdin.close()
    assert process.wait(60) == 1
    graph = PackedGraph(describe_model(EMBEDDED))
    assert graph.find() is None
    left = root / f".new-{graph.folder.name}-{process.pid}"
    left.mkdir(parents=True, exist_ok=True)  # it may have ended before it began to write
    assert in_a_process(root).stdout.read()
    assert list(root.iterdir()) == [graph.folder]


def test_packing_begins_once_in_the_background(root, monkeypatch, caplog, tmp_path):
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


def test_packing_does_not_begin_while_another_window_writes(root, monkeypatch):
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


def test_old_packed_graphs_go_when_a_new_one_comes(root):
    root.mkdir(parents=True)
    kept = [older(root, "a1", 20), older(root, "a2", 0.5, run_time="1.0"), older(root, "a3", 1, 3 << 30)]
    gone = [older(root, "b1", 31), older(root, "b2", 2, run_time="1.0"), older(root, "b3", 21, 3 << 30)]
    manifest = describe_model(EMBEDDED)
    graph = PackedGraph(manifest)
    pack(manifest, graph)
    assert {*root.iterdir()} == {*kept, graph.folder}
    assert not any(folder.exists() for folder in gone)


def test_packing_over_the_bound_is_not_begun(root, monkeypatch):
    monkeypatch.setattr(packed_graph, "_MAX_NBYTES_OF_ALL", 1 << 20)
    assert "more than" in PackedGraph(describe_model(EMBEDDED)).find_obstacle()


def test_removed_model_takes_its_packed_graph_along(root, tmp_path):
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


def test_wrongly_written_weights_are_noticed(root, monkeypatch):
    def save_and_spoil(graph, target):
        packing_save(graph, target)
        weights = target.with_name(f"{GRAPH_NAME}.data")
        data = bytearray(weights.read_bytes())
        for at in range(4096, len(data), 1 << 16):
            data[at] ^= 1
        weights.write_bytes(data)

    packing_save = packing.save_packed
    monkeypatch.setattr(packing, "save_packed", save_and_spoil)
    manifest = describe_model(EMBEDDED)
    graph = PackedGraph(manifest)
    assert "the same bits" in pack(manifest, graph)
    assert graph.find() is None
