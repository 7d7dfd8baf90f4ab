"""A large model is not read whole at every start; a change is noticed, and a bad memory is none."""

import json
import os
import shutil
import stat
import time
from pathlib import Path

import platformdirs
import pytest

import sotto_models
from sotto_engine.errors import SottoError
from sotto_engine.loading import load_engine
from sotto_engine.model_files import start_memory
from sotto_engine.model_files.manifest import compute_sha256, load_manifest
from sotto_engine.model_files.start_memory import StartMemory


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"a" * 1000)
    make_old(path)
    return path


def make_old(path):
    os.utime(path, (time.time() - 60, time.time() - 60))


class Reading:
    """Hashes and counts."""

    def __init__(self):
        self.num_files = 0

    def __call__(self, path):
        self.num_files += 1
        return compute_sha256(path)


def checked(memory_file, path, digest, reading):
    memory = StartMemory(memory_file)
    is_same = memory.matches(path, digest, reading)
    memory.save()
    return is_same


def test_file_is_read_once_and_again_after_a_change(tmp_path, weights):
    digest, reading, memory = compute_sha256(weights), Reading(), tmp_path / "memory.json"
    assert checked(memory, weights, digest, reading) and checked(memory, weights, digest, reading)
    assert reading.num_files == 1
    weights.write_bytes(b"a" * 999 + b"b")  # the same size, another time
    assert not checked(memory, weights, digest, reading)
    weights.write_bytes(b"a" * 1000)
    make_old(weights)  # the old content, another inode's time of change
    assert checked(memory, weights, digest, reading) and reading.num_files == 3
    weights.write_bytes(b"a" * 1001)
    assert not checked(memory, weights, digest, reading)


def test_other_digest_is_another_question(tmp_path, weights):
    reading, memory = Reading(), tmp_path / "memory.json"
    assert checked(memory, weights, compute_sha256(weights), reading)
    assert not checked(memory, weights, "0" * 64, reading)


def test_file_changed_a_moment_ago_is_not_remembered(tmp_path, weights):
    weights.write_bytes(b"new")
    digest, reading, memory = compute_sha256(weights), Reading(), tmp_path / "memory.json"
    assert checked(memory, weights, digest, reading) and checked(memory, weights, digest, reading)
    assert reading.num_files == 2 and not memory.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"format": 9}', b'{"format": 1, "entries": 3}'])
def test_corrupt_memory_is_none(tmp_path, weights, content):
    memory, reading = tmp_path / "memory.json", Reading()
    memory.write_bytes(content)
    assert checked(memory, weights, compute_sha256(weights), reading) and reading.num_files == 1
    assert json.loads(memory.read_text())["entries"]


def test_memory_file_is_private_and_leaves_nothing_else(tmp_path, weights):
    memory = tmp_path / "new" / "memory.json"
    checked(memory, weights, compute_sha256(weights), Reading())
    assert stat.S_IMODE(memory.stat().st_mode) == 0o600
    assert list(memory.parent.iterdir()) == [memory]


def test_unwritable_folder_is_no_trouble(tmp_path, weights):
    (tmp_path / "file").write_text("no folder")
    assert checked(tmp_path / "file" / "memory.json", weights, compute_sha256(weights), Reading())


def test_answer_is_found_anew_for_other_files_threads_cpus(tmp_path, weights, monkeypatch):
    asked = []

    def ask():
        asked.append(1)
        return False

    def answer(num_threads):
        memory = StartMemory(tmp_path / "memory.json")
        assert memory.answer("exact rows", [weights], num_threads, ask) is False
        memory.save()
        return len(asked)

    assert [answer(1), answer(1), answer(2)] == [1, 1, 2]
    weights.write_bytes(b"other")
    assert answer(1) == 3
    monkeypatch.setattr(start_memory, "_cpu", lambda: "another")
    assert answer(1) == 4


@pytest.fixture
def model_dir(tmp_path, monkeypatch):
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    folder = Path(shutil.copytree(sotto_models.embedded_model_dir(), tmp_path / "model"))
    for path in folder.iterdir():
        make_old(path)
    return folder


def test_small_model_leaves_no_file_behind(model_dir, tmp_path):
    load_engine(model_dir)
    assert not (tmp_path / "cache").exists()


def test_second_start_of_a_large_model_reads_no_file(model_dir, monkeypatch):
    monkeypatch.setattr("sotto_engine.model_files.manifest.LARGE_NBYTES", 0)
    grid = load_engine(model_dir)[0].prefill_grid
    monkeypatch.setattr("sotto_engine.model_files.manifest.compute_sha256", pytest.fail)
    monkeypatch.setattr("sotto_engine.model.exact_rows.rows_look_exact", pytest.fail)
    assert load_engine(model_dir)[0].prefill_grid == grid


def test_changed_large_model_is_refused_and_verify_reads_all(model_dir, monkeypatch):
    monkeypatch.setattr("sotto_engine.model_files.manifest.LARGE_NBYTES", 0)
    load_engine(model_dir)
    path = max(model_dir.iterdir(), key=lambda each: each.stat().st_size)
    before, data = path.stat(), bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(SottoError, match="does not match"):
        load_engine(model_dir)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(SottoError, match="does not match"):
        load_manifest(model_dir).verify()
