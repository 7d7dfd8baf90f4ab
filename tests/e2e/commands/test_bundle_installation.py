"""A bundle, carried to a machine without a network: installed there with Python alone, it completes code.

The machine is a network namespace without interfaces, its home a folder that is empty.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import sotto_models
from e2e.conftest import Editor
from e2e.raw_client import EVERYTHING
from e2e.small_wheels import sotto

PYTHON = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
"""Without the packages of the environment that runs the tests."""


@pytest.fixture(scope="module")
def cut_off():
    """Words before a command that take the network away from it."""
    reason = ""
    for words in (["unshare", "-rn"], ["unshare", "-n"]):
        try:
            subprocess.run([*words, "true"], check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "stderr", None) or str(error)
        else:
            return words
    pytest.skip(f"no network namespace can be made here: {reason.strip()}")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, cut_off):
    """A real bundle with a model of the user's, made from this source tree with pip's own settings."""
    probe = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps"]
    done = subprocess.run([*probe, "hatchling", "onnxruntime"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"pip has no wheels here: {done.stderr.strip().splitlines()[-1]}")
    folder = tmp_path_factory.mktemp("connected")
    settings = {"SOTTO_MODELS": str(folder / "models")}
    added = sotto("models", "add", sotto_models.embedded_model_dir(), "--name", "mine", **settings)
    assert added.returncode == 0, added.stderr
    out = folder / "sotto.tar"
    command = [sys.executable, "-m", "sotto_lsp", "bundle", out, "--model", "mine"]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    yield out
    shutil.rmtree(folder)


class Machine:
    """A home folder, a carried bundle, no network."""

    def __init__(self, folder, bundle, cut_off):
        self.home = folder / "home"
        self.home.mkdir()
        self._cut_off = cut_off
        self.environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "PYTHON": str(PYTHON)}
        with tarfile.open(bundle) as tar:
            tar.extractall(folder, filter="data")
        self.bundle = folder / "sotto-0.1.0"
        self.installed = self.home / ".local" / "share" / "sotto" / "venv"
        self.sotto = self.installed / "bin" / "sotto"

    def alone(self, *command):
        return [*self._cut_off, *map(str, command)]

    def run(self, *command, **more):
        environment = self.environment | more
        return subprocess.run(self.alone(*command), env=environment, capture_output=True, text=True, check=False)

    def install(self, *options, **more):
        return self.run("sh", self.bundle / "install.sh", *options, **more)


@pytest.fixture(scope="module")
def machine(tmp_path_factory, bundle, cut_off):
    folder = tmp_path_factory.mktemp("alone")
    machine = Machine(folder, bundle, cut_off)
    interfaces = machine.run("cat", "/proc/net/dev").stdout.splitlines()[2:]
    assert not [line for line in interfaces if not line.strip().startswith("lo:")]
    done = machine.install()
    assert done.returncode == 0, done.stderr
    assert str(machine.sotto) in done.stdout and "Neovim" in done.stdout
    yield machine
    shutil.rmtree(folder)


def test_installed_server_completes_code_without_a_network(machine):
    with Editor.start(machine.alone(machine.sotto, "serve"), env=machine.environment) as editor:
        editor.initialize(initializationOptions=EVERYTHING)
        editor.open_text("def mean(values):\n    return su")
        assert editor.ghost().startswith("m(")
        assert editor.end() == 0


def test_installed_bundle_has_the_model_and_the_plugins(machine):
    listed = machine.run(machine.sotto, "models", "list").stdout
    assert " mine " in listed and str(machine.home / ".local/share/sotto/models") in listed
    assert "every file matches" in machine.run(machine.sotto, "models", "verify", "mine").stdout
    assert (machine.installed / "editors/neovim/plugin/sotto.lua").is_file()
    checked = machine.run(machine.installed / "bin/python", "-m", "pip", "check")
    assert checked.returncode == 0, checked.stdout


def test_installed_sotto_makes_the_same_bundle_byte_for_byte(machine, bundle, tmp_path):
    """From its own files, the carried wheels, and no network: it can be handed on from there."""
    links = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(machine.bundle / "wheels")}
    vsix = machine.installed / "editors/vscode/sotto.vsix"
    options = ["--vsix", vsix] if vsix.exists() else []
    done = machine.run(machine.sotto, "bundle", tmp_path / "again.tar", "--model", "mine", *options, **links)
    assert done.returncode == 0, done.stderr
    same = (tmp_path / "again.tar").read_bytes() == bundle.read_bytes()
    (tmp_path / "again.tar").unlink()
    assert same
