"""Neovims with the plugin, in CI and where `make test-nvim` has installed them; SOTTO_NVIM=PATH adds another."""

import os
import sys
from pathlib import Path

import pytest

from editors import echo_server, install_neovim
from editors.check_table import CheckTable

EVERYTHING = {"minProbability": 0, "budgetMs": 20000}
"""The settings: also what the model is not sure of, and time enough for a slow machine."""
OWN = os.environ.get("SOTTO_NVIM")


def pytest_configure(config):
    if config.getoption("--real-editors"):
        config.pluginmanager.register(CheckTable())


@pytest.fixture(scope="module", params=["0.12", "0.10", *([OWN] if OWN else [])])
def program(request):
    if request.param == OWN:
        return Path(OWN)
    if request.config.getoption("--real-editors") or os.environ.get("CI"):
        return install_neovim.install(request.param)
    if path := install_neovim.installed(request.param):
        return path
    pytest.skip(f"Neovim {request.param} is not installed; `make test-nvim` does that")


@pytest.fixture
def open_neovim(program, tmp_path):
    from editors.nvim_session import PLUGIN, SERVER, NvimSession

    sessions = []

    def start(text, *, is_served=True, **options):
        (tmp_path / "app.py").write_text(text)
        options = {"cmd": SERVER, "settings": EVERYTHING, **options}
        sessions.append(NvimSession(program, tmp_path / "app.py", PLUGIN, options, is_served=is_served))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


@pytest.fixture
def open_echo(open_neovim):
    """A Neovim whose server suggests, after a delay, the text it was asked about."""

    def start(text, delay_ms=0):
        return open_neovim(text, cmd=[sys.executable, echo_server.__file__, str(delay_ms)])

    return start
