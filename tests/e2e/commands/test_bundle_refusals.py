"""What install.sh refuses before it changes anything, each in one sentence."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import sotto_models
from e2e.small_wheels import refusal, write_bundle
from sotto_engine.errors import SottoError
from sotto_lsp.commands.bundle.carried_models import add_models
from sotto_models.importing.adding import ModelAdding
from sotto_models.store import ModelStore

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    with tarfile.open(write_bundle(folder)) as tar:
        tar.extractall(folder, filter="data")
    return folder / "sotto-0.1.0"


@pytest.fixture
def carried(unpacked, tmp_path):
    return shutil.copytree(unpacked, tmp_path / "sotto-0.1.0")


def install(bundle, *options):
    """What install.sh starts, without site-packages: only the standard library is there, as on a new machine."""
    sources = os.pathsep.join(str(ROOT / each) for each in ("engine", "lsp", "onnx_models"))
    environment = os.environ | {"PYTHONPATH": sources}
    command = [sys.executable, "-S", "-m", "sotto_lsp.commands.bundle.installation", bundle, *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def sign(bundle, name, text):
    """Change a file, and its checksum with it."""
    old = subprocess.run(["sha256sum", bundle / name], capture_output=True, text=True, check=True).stdout[:64]
    (bundle / name).write_text(text)
    new = subprocess.run(["sha256sum", bundle / name], capture_output=True, text=True, check=True).stdout[:64]
    listing = bundle / "SHA256SUMS"
    listing.write_text(listing.read_text().replace(old, new))


def change_a_byte(bundle):
    (bundle / "wheels/pip-99.0-py3-none-any.whl").write_bytes(b"changed")


def add_a_file(bundle):
    (bundle / "wheels/evil-1.0-py3-none-any.whl").touch()


def take_a_file(bundle):
    (bundle / "install.ps1").unlink()


def take_the_checksums(bundle):
    (bundle / "SHA256SUMS").unlink()


def add_a_link(bundle):
    (bundle / "wheels/more").symlink_to("/etc")


def go_up(bundle):
    with (bundle / "SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  ../evil\n")


def be_for_another_machine(bundle):
    index = json.loads((bundle / "bundle.json").read_text())
    index["targets"][0]["platform"] = "windows-arm64"
    sign(bundle, "bundle.json", json.dumps(index))


def be_for_another_python(bundle):
    index = json.loads((bundle / "bundle.json").read_text())
    index["targets"][0]["python"] = "3.99"
    sign(bundle, "bundle.json", json.dumps(index))


def be_of_a_later_sotto(bundle):
    sign(bundle, "bundle.json", '{"format": 2}')


@pytest.mark.parametrize(
    ("plant", "reason"),
    [
        (change_a_byte, "does not match its checksum"),
        (add_a_file, "'wheels/evil-1.0-py3-none-any.whl' is not listed"),
        (take_a_file, "'install.ps1', which is not in its folder"),
        (take_the_checksums, "there is no SHA256SUMS"),
        (add_a_link, "'wheels/more' is not listed"),
        (go_up, "'../evil', which is not in its folder"),
        (be_for_another_machine, "on windows-arm64; make one for this machine"),
        (be_for_another_python, "bundle is for Python 3.99"),
        (be_of_a_later_sotto, "has format 2"),
    ],
)
def test_planted_fault_is_refused_before_anything_changes(carried, tmp_path, plant, reason):
    plant(carried)
    assert reason in refusal(install(carried, "--to", tmp_path / "venv"))
    assert not (tmp_path / "venv").exists()


def test_foreign_folder_is_left_alone(unpacked, tmp_path):
    (tmp_path / "notes").touch()
    assert "no bundle made it" in refusal(install(unpacked, "--to", tmp_path))
    assert (tmp_path / "notes").exists()


def test_interrupted_installation_can_be_repeated(unpacked, tmp_path):
    """This bundle's pip is empty, so it breaks off in the middle; the folder is known as ours all the same."""
    for _ in range(2):
        assert "packages cannot be installed" in refusal(install(unpacked, "--to", tmp_path / "venv"))
        (tmp_path / "venv" / "left over").touch()
    assert "packages cannot be installed" in refusal(install(unpacked, "--to", tmp_path / "venv"))
    assert not (tmp_path / "venv" / "left over").exists()


def test_wrong_python_is_named_by_the_script(unpacked):
    """A Python that is too old could not even read the rest."""
    done = subprocess.run(
        ["sh", unpacked / "install.sh"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": "/bin/false"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    sentence = done.stderr.decode()
    assert f"this bundle is for Python 3.{sys.version_info.minor}" in sentence and "/bin/false" in sentence


def test_models_of_a_bundle_are_added_once_and_replace_none(tmp_path):
    carried, store = tmp_path / "models", ModelStore(tmp_path / "store")
    adding = ModelAdding(ModelStore(carried), lambda step, share: None)
    adding.add(sotto_models.embedded_model_dir(), "mine")
    add_models(carried, store)
    add_models(carried, store)
    assert store.names() == ["mine"]
    manifest = store.root / "mine" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"description": "', '"description": "other '))
    with pytest.raises(SottoError, match="another model 'mine' already"):
        add_models(carried, store)
