"""NeovimTerminal: a real Neovim with the plugin in a terminal, for what asks the user on the screen."""

import json
from pathlib import Path

from editors.sessions.nvim_session import PLUGIN
from editors.sessions.terminal_session import ENTER, TerminalSession


class NeovimTerminal(TerminalSession):
    """One Neovim with one file open. `options`: of the plugin's setup."""

    def __init__(self, program: Path, file: Path, options: dict[str, object], more: str = "", **size: int) -> None:
        """`more`: Lua to run after the set-up."""
        given = f"vim.json.decode([==[{json.dumps(options)}]==])"
        init = file.parent / "init.lua"
        init.write_text(f"local function set_up(...){PLUGIN}end\nset_up({given})\nvim.o.swapfile = false\n{more}")
        command = [str(program), "-u", str(init), "-i", "NONE", "-n", file.name]
        super().__init__(command, file.parent, **size)

    def command(self, line: str) -> None:
        """Run a command line."""
        self.input(f":{line}{ENTER}")

    def wait_ready(self) -> None:
        """The model is loaded, as the plugin says when it is asked."""

        def says_so():
            self.command("Sotto status")
            return self.row_with("Sotto: ready")

        self.wait(says_so, 60)
