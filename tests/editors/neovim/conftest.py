"""Neovim with the plugin, the README's Tab, and suggestions that are written down."""

import json
import sys

import pytest

from editors import scripted_ghosts
from editors.neovim.plugin_keys import AUTO_PAIR, MAP_TAB


@pytest.fixture
def open_ghosts(open_neovim, tmp_path):
    """A Neovim with the README's Tab, whose suggestions are these. `pairs`: with an auto-pair plugin."""

    def start(text, ghosts, *, pairs=False):
        (tmp_path / "ghosts.json").write_text(json.dumps(ghosts))
        command = [sys.executable, scripted_ghosts.__file__, str(tmp_path / "ghosts.json")]
        nvim = open_neovim(text, cmd=command)
        nvim.lua(MAP_TAB)
        nvim.lua(AUTO_PAIR if pairs else "")
        return nvim

    return start
