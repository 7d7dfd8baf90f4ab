"""A real Neovim with the user's side of the set-up, driven over its own RPC."""

import contextlib
import re
import sys
from pathlib import Path

import pynvim

from editors.sessions.screen_session import ScreenSession

SERVER = [sys.executable, "-m", "sotto_lsp", "serve"]

DOCUMENTED = re.search(
    r"```lua\n(vim\.lsp\.config.*?)```",
    (Path(__file__).parents[3] / "docs/editors.md").read_text(),
    re.DOTALL,
)
assert DOCUMENTED, "docs/editors.md has lost Neovim's configuration"

# The set-up without the plugin: this checkout's server, and time for a slow machine; the rest is as documented.
CONFIG = f"""
local command = ...
{DOCUMENTED[1]}
vim.lsp.config("sotto", {{ cmd = command, init_options = {{ budgetMs = 20000, minProbability = 0 }} }})
"""

# The set-up with the plugin, installed as a built-in package would be.
PLUGIN = f"""
vim.opt.runtimepath:append("{Path(__file__).parents[3] / "editors/neovim"}")
vim.cmd.runtime("plugin/sotto.lua")
require("sotto").setup(...)
"""

SCREEN = """
vim.cmd.redraw()
local rows = {}
for row = 1, vim.o.lines do
  local cells = {}
  for column = 1, vim.o.columns do cells[column] = vim.fn.screenstring(row, column) end
  rows[row] = (table.concat(cells):gsub("%s+$", ""))
end
return rows
"""

# The marks of the ghost from left to right, with the closers among them. An overlay of the plugin hides a closer.
GHOST = """
local line, at = vim.api.nvim_get_current_line(), vim.api.nvim_win_get_cursor(0)[2]
local first, below = "", {}
local function join(chunks)
  return table.concat(vim.tbl_map(function(chunk) return chunk[1] end, chunks))
end
for _, name in ipairs({ "nvim.lsp.inline_completion", "sotto" }) do
  local namespace = vim.api.nvim_get_namespaces()[name]
  for _, mark in ipairs(namespace and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true }) or {}) do
    if name ~= "sotto" or mark[4].virt_text_pos == "inline" then
      first, at = first .. line:sub(at + 1, mark[3]) .. join(mark[4].virt_text or {}), mark[3]
      vim.list_extend(below, vim.tbl_map(join, mark[4].virt_lines or {}))
    end
  end
end
return table.concat({ first, unpack(below) }, "\\n")
"""


class NvimSession(ScreenSession):
    """One Neovim with one file open. What is on the screen is read cell by cell, ghost text included."""

    def __init__(
        self,
        program: Path,
        file: Path,
        config: str = CONFIG,
        argument: object = SERVER,
        *,
        is_served: bool = True,
    ) -> None:
        """`config`: Lua that gets `argument`. `is_served`: wait until ghost text can come."""
        super().__init__()
        self._nvim = pynvim.attach(
            "child", argv=[str(program), "--embed", "--headless", "-u", "NONE", "-i", "NONE", "-n"]
        )
        self._nvim.command("set lines=24 columns=100 noswapfile shortmess+=I | filetype on")
        self._nvim.exec_lua(config, argument)
        self._nvim.command(f"edit {file}")
        if is_served:
            self.wait_served()

    def wait_served(self) -> None:
        """Ghost text is switched on a moment after the server has answered; an InsertEnter before that is missed."""
        self.wait(lambda: self.lua('return #vim.api.nvim_get_autocmds({ event = "InsertEnter", buffer = 0 }) > 0'))

    def lua(self, code, *arguments):
        return self._nvim.exec_lua(code, *arguments)

    def input(self, keys: str) -> None:
        """Type keys, in Neovim's notation (`<Esc>`, `<Tab>`, `<lt>`)."""
        self._nvim.input(keys)

    def lines(self) -> list[str]:
        """The buffer."""
        return self._nvim.current.buffer[:]

    def screen(self) -> list[str]:
        """The rows as they are displayed."""
        return self.lua(SCREEN)

    def ghost(self) -> str:
        """The ghost text as Neovim holds it, all its lines; "" for none."""
        return self.lua(GHOST)

    def close(self) -> None:
        with contextlib.suppress(OSError, EOFError):  # it ends before it can answer
            self._nvim.command("qa!")
        self._nvim.close()
