"""What the VS Code extension says of itself agrees with the server. Needs no Node; see test_vscode.py for VS Code."""

import importlib.util
import json
import re
from importlib.metadata import version
from pathlib import Path

from sotto_lsp.settings import Settings
from sotto_lsp.transport.needed_server import NeededServer

FOLDER = Path(__file__).parents[3] / "editors/vscode"
_SPEC = importlib.util.spec_from_file_location("generate_settings", FOLDER / "generate_settings.py")
generate_settings = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generate_settings)


def test_the_settings_are_the_servers():
    told = "run `python editors/vscode/generate_settings.py`"
    assert (FOLDER / "package.json").read_text() == generate_settings.package_text(), told


def test_limits_and_choices_are_what_the_server_accepts():
    properties = generate_settings.configuration()["properties"]
    assert properties["sotto.maxTokens"] | {"markdownDescription": ""} == {
        "type": "integer",
        "minimum": 1,
        "maximum": 512,
        "default": Settings().maxTokens,
        "markdownDescription": "",
    }
    assert properties["sotto.completion"]["enum"] == ["auto", "on", "off"]
    assert properties["sotto.minProbability"]["type"] == ["number", "null"]


def test_the_extension_has_the_version_of_the_server_it_needs():
    package = json.loads((FOLDER / "package.json").read_text())
    assert package["version"] == version("sotto-ls")
    assert NeededServer(package["needsServer"]).problem_with(version("sotto-ls")) is None


def test_the_neovim_plugin_needs_this_server_too():
    source = (FOLDER.parent / "neovim/lua/sotto/server.lua").read_text()
    (needed,) = re.findall(r'NEEDS_SERVER = "(.*?)"', source)
    assert needed and NeededServer(needed).problem_with(version("sotto-ls")) is None


def test_it_never_runs_in_a_browser_or_without_a_disk():
    package = json.loads((FOLDER / "package.json").read_text())
    assert "browser" not in package
    assert package["extensionKind"] == ["workspace"]
    assert package["capabilities"]["virtualWorkspaces"]["supported"] is False
