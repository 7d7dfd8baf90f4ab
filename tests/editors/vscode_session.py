"""A VS Code with one window, for a module of tests: started once, as starting takes half a minute."""

import contextlib
from collections.abc import Iterator

import pytest

from editors import install_vscode
from editors.code_server import CodeServer
from editors.vscode_window import VscodeWindow

EVERYTHING = {"minProbability": 0, "budgetMs": 20000}
"""The settings: also what the model is not sure of, and time enough for a slow machine."""
CODE = "def mean(values):\n    total = sum(values)\n    return total / len"


@contextlib.contextmanager
def started(request, tmp_path_factory) -> Iterator[VscodeWindow]:
    """A window that is not loaded yet; the test is skipped without --real-editors."""
    if not request.config.getoption("--real-editors"):
        pytest.skip("VS Code and a browser take minutes; `make test-editors` runs this")
    parts = install_vscode.install()
    folder = tmp_path_factory.mktemp("vscode")
    server = CodeServer(parts, folder / "profile")
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
    window.wait(lambda: window.status().endswith("ready"), 120)
