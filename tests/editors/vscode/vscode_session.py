"""A VS Code with one window, for a module of tests: started once, as starting takes half a minute."""

import contextlib
import shlex
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from editors.install import install_vscode
from editors.vscode.code_server import CodeServer
from editors.vscode.vscode_window import VscodeWindow

ACTIONS = ".action-widget .monaco-list-row"
CODE = "def mean(values):\n    total = sum(values)\n    return total / len"


def check(*names):
    """A test's mark: what it checks, for the table of editors and checks."""
    return pytest.mark.editor_check("VS Code", *names)


@contextlib.contextmanager
def started(request, tmp_path_factory, untrusting=None) -> Iterator[VscodeWindow]:
    """A window that is not loaded yet; the test is skipped without --real-editors.

    untrusting: as in `CodeServer`.
    """
    if not request.config.getoption("--real-editors"):
        pytest.skip("VS Code and a browser take minutes; `make test-editors` runs this")
    parts = install_vscode.install()
    folder = tmp_path_factory.mktemp("vscode")
    server = CodeServer(parts, folder / "profile", untrusting)
    try:
        window = VscodeWindow(parts, server, folder / "project", folder / "browser")
        try:
            yield window
        finally:
            window.close()
    finally:
        server.close()


def wait_ready(window: VscodeWindow) -> None:
    """Until the model is loaded."""
    window.wait(lambda: "Sotto: ready" in window.status(), 120)


def choose_action(window: VscodeWindow, title: str) -> None:
    """From the menu of code actions; what the window itself needs a moment to know is asked for again."""

    def menu():
        window.press("Control+Period")
        if window.stays(lambda: title not in window.rows(ACTIONS), 2):
            window.press("Escape")
            return False
        return True

    window.wait(menu)
    window.shoot(title.split(":", maxsplit=1)[0].replace(" ", "-"))
    window.click(ACTIONS, title)


def write_program(folder: Path, *arguments: object) -> Path:
    """A program `sotto` that says its version, and serves as this Python does with these arguments."""
    program = folder / "sotto"
    command = shlex.join(map(str, [sys.executable, *arguments]))
    says_version = f'echo "sotto {version("sotto-ls")}"'
    program.write_text(f'#!/bin/sh\ncase "$*" in *--version*) {says_version};; *) exec {command};; esac\n')
    program.chmod(0o755)
    return program
