"""What the VS Code extension says of itself agrees with the server. Needs no Node; see test_vscode.py for VS Code."""

import json
import re
from importlib.metadata import version
from pathlib import Path

from sotto_lsp.transport.capabilities import compare_series

FOLDER = Path(__file__).parents[3] / "editors/vscode"


def test_version_of_the_extension_is_that_of_the_server_it_needs():
    package = json.loads((FOLDER / "package.json").read_text())
    assert package["version"] == version("sotto-ls")
    assert compare_series(package["needsServer"], version("sotto-ls")) is None


def test_version_that_the_neovim_plugin_needs_is_this_servers():
    source = (FOLDER.parent / "neovim/lua/sotto/server.lua").read_text()
    (needed,) = re.findall(r'NEEDS_SERVER = "(.*?)"', source)
    assert needed and compare_series(needed, version("sotto-ls")) is None


def test_extension_never_runs_in_a_browser_or_without_a_disk():
    package = json.loads((FOLDER / "package.json").read_text())
    assert "browser" not in package
    assert package["extensionKind"] == ["workspace"]
    assert package["capabilities"]["virtualWorkspaces"]["supported"] is False
