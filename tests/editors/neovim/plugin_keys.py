"""What a user of the Neovim plugin does and sees, for the tests of it."""

import re
from pathlib import Path

CODE = "def mean(values):\n    total = sum(values)\n    return total / len"
BEFORE = "    return total / len("
"""The last line of CODE, with the key that the tests type."""
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
