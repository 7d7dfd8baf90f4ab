"""What a user of the Neovim plugin does and sees, for the tests of it."""

import re
from pathlib import Path

CODE = "def mean(values):\n    total = sum(values)\n    return total / len"
BEFORE = "    return total / len("
"""The last line of CODE, with the key that the tests type."""
STREAM = "class Stream:\n    def __init__(self):\n        self.closed = False\n\n    def is_closed"
AUTO_PAIR = (Path(__file__).parent / "auto_pair.lua").read_text()
README = (Path(__file__).parents[3] / "editors/neovim/README.md").read_text()
(MAP_TAB,) = re.findall(r"^vim\.keymap.*<Tab>.*$", README, re.MULTILINE)


def call(nvim, function, *arguments):
    """One function of the plugin: what it returns first."""
    return nvim.lua("local name = ...; return (require('sotto')[name](select(2, ...)))", function, *arguments)


def type_text(nvim, text):
    nvim.input(text.replace("<", "<lt>"))


def accept_with_tab(nvim):
    nvim.lua(MAP_TAB)
    nvim.input("<Tab>")


def messages(nvim):
    return nvim.lua("return vim.api.nvim_exec2('messages', { output = true }).output")


def see(nvim, ghost):
    """The ghost comes to be this."""
    nvim.wait(lambda: nvim.ghost() == ghost)


def save(nvim, path):
    """Write the file; its bytes."""
    nvim.input("<Esc>:w<CR>")
    nvim.wait(lambda: not nvim.lua("return vim.bo.modified"))
    return (path / "app.py").read_bytes()
