"""Real editors: Neovim in CI and where it is installed, the others in `make test-editors`.

SOTTO_NVIM=PATH adds another Neovim.
"""

import os
import re
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from e2e.raw_client import EVERYTHING
from editors import echo_server
from editors.check_table import FOLDER, CheckTable
from editors.install import install_emacs, install_helix, install_neovim
from editors.install.debian_root import HOME

OWN = os.environ.get("SOTTO_NVIM")


def pytest_configure(config):
    if config.getoption("--real-editors"):
        config.pluginmanager.register(CheckTable())


@pytest.fixture
def sessions(request):
    """Where the fixtures put the editors they start: they are closed, and what was on their screens is kept."""
    opened = []
    yield opened
    for session in opened:
        session.close()
    if request.config.getoption("--real-editors"):
        folder = FOLDER / "screens"
        folder.mkdir(parents=True, exist_ok=True)
        frames = [frame for session in opened for frame in session.film]
        name = re.sub(r"[^\w.,-]+", "-", request.node.name).strip("-")
        (folder / f"{request.path.stem}.{name}.txt").write_text("\n\f\n".join(frames))


@pytest.fixture(scope="session")
def find_program(request):
    """An editor's program: installed first where that is wanted, else the test is skipped where it is missing."""
    wants_all = request.config.getoption("--real-editors")
    may_install = wants_all or os.environ.get("CI")

    def find(name, editor, *version):
        if editor is not install_neovim and not wants_all:  # they would double the time of `make test`
            pytest.skip(f"{name} is tried by `make test-editors`")
        if not may_install:
            path = editor.installed(*version)
            return path or pytest.skip(f"{name} is not installed; `make test-editors` does that")
        HOME.mkdir(parents=True, exist_ok=True)
        with FileLock(HOME / "installing.lock"):  # several processes test at once
            return editor.install(*version)

    return find


@pytest.fixture(scope="module", params=["0.12", "0.10", *([OWN] if OWN else [])])
def program(request, find_program):
    if request.param == OWN:
        return Path(OWN)
    return find_program(f"Neovim {request.param}", install_neovim, request.param)


@pytest.fixture
def open_neovim(program, tmp_path, sessions):
    from editors.sessions.nvim_session import PLUGIN, SERVER, NvimSession

    def start(text, *, is_served=True, **options):
        (tmp_path / "app.py").write_text(text)
        options = {"cmd": SERVER, "settings": EVERYTHING, **options}
        sessions.append(NvimSession(program, tmp_path / "app.py", PLUGIN, options, is_served=is_served))
        return sessions[-1]

    return start


@pytest.fixture(scope="session")
def emacs(find_program):
    return find_program("Emacs with lsp-mode", install_emacs)


@pytest.fixture(scope="session")
def helix(find_program):
    return find_program("Helix", install_helix)


@pytest.fixture
def open_helix(helix, tmp_path, sessions):
    from editors.sessions.helix_session import SERVER, HelixSession

    def start(text, server=SERVER):
        (tmp_path / "app.py").write_text(text)
        sessions.append(HelixSession(helix, tmp_path / "app.py", server))
        return sessions[-1]

    return start


@pytest.fixture
def open_echo(open_neovim):
    """A Neovim whose server suggests, after a delay, the text it was asked about."""

    def start(text, delay_ms=0):
        return open_neovim(text, cmd=[sys.executable, echo_server.__file__, str(delay_ms)])

    return start
