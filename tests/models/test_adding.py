"""Disks without room: noticed before anything is written, and one sentence when it comes as a surprise."""

import errno
import shutil
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from sotto_engine.errors import SottoError
from sotto_models.importing import adding
from sotto_models.importing.adding import ModelAdding
from sotto_models.importing.archive import unpacked_nbytes
from sotto_models.store import ModelStore

EXPORT = Path(__file__).parents[1] / "exporters" / "models" / "qwen2-optimum-int4"


@pytest.fixture
def export(tmp_path):
    return Path(shutil.copytree(EXPORT, tmp_path / "tiny-coder"))


@pytest.fixture
def archive(export, tmp_path):
    with tarfile.open(tmp_path / "carried.tar.gz", "w:gz") as tarred:
        tarred.add(export, "tiny-coder")
    return tmp_path / "carried.tar.gz"


def refusal(tmp_path, source, **options):
    store = ModelStore(tmp_path / "store")
    steps = []
    with pytest.raises(SottoError) as refused:
        ModelAdding(store, lambda step, _: steps.append(step)).add(source, None, **options)
    assert "\n" not in str(refused.value) and str(refused.value).endswith(".")
    assert not store.names() and not list(store.root.iterdir()), "nothing is left of it"
    return str(refused.value), steps


def leave_free(monkeypatch, nbytes):
    monkeypatch.setattr(adding.shutil, "disk_usage", lambda _: SimpleNamespace(free=nbytes))


@pytest.mark.parametrize("prepare", [True, False])
def test_full_disk_is_noticed_before_a_byte_is_copied(export, tmp_path, monkeypatch, prepare):
    leave_free(monkeypatch, 1000)
    message, steps = refusal(tmp_path, export, prepare=prepare)
    assert "make room" in message and steps == ["checking"]


def test_link_takes_no_room(export, tmp_path, monkeypatch):
    leave_free(monkeypatch, 1000)
    store = ModelStore(tmp_path / "store")
    ModelAdding(store, lambda *_: None).add(export, None, link=True)
    assert store.names() == ["tiny-coder"]


def test_full_disk_is_noticed_before_an_archive_is_unpacked(archive, tmp_path, monkeypatch):
    nbytes = sum(path.stat().st_size for path in EXPORT.iterdir())
    assert unpacked_nbytes(archive) == nbytes
    leave_free(monkeypatch, 2 * nbytes - 1)
    message, steps = refusal(tmp_path, archive, prepare=False)
    assert "make room" in message and steps == []


def test_zip_size_is_read_too(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("model.onnx", bytes(1 << 20))
    assert unpacked_nbytes(tmp_path / "a.zip") == 1 << 20


@pytest.mark.parametrize("source", ["export", "archive"])
def test_full_disk_meanwhile_is_one_sentence(source, request, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "extractall", full)
    monkeypatch.setattr(ModelAdding, "_bring", full)
    message, _ = refusal(tmp_path, request.getfixturevalue(source), prepare=False)
    assert "No space left" in message and "make room" in message


def test_unreadable_folder_is_one_sentence(export, tmp_path, monkeypatch):
    def forbidden(*_, **__):
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(ModelAdding, "_bring", forbidden)
    message, _ = refusal(tmp_path, export, prepare=False)
    assert "Permission denied" in message and "rights" in message
