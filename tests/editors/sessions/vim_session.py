"""VimSession: a real Vim 9 in a terminal with one plugin for language servers, set up as editors/README.md says."""

import os
import re
import sys
from pathlib import Path

from editors.sessions.terminal_session import ENTER, ESCAPE, TerminalSession

README = Path(__file__).parents[3] / "editors/README.md"
OPTIONS = "'initialization_options': {"
SLOW_MACHINE = "'minProbability': 0, 'budgetMs': 20000, "


def documented(beginning: str) -> str:
    """The README's block that begins so, with more options for a slow machine."""
    (block,) = re.findall(rf"```vim\n({re.escape(beginning)}.*?)```", README.read_text(), re.DOTALL)
    assert OPTIONS in block
    return block.replace(OPTIONS, OPTIONS + SLOW_MACHINE)


class VimSession(TerminalSession):
    """One Vim with one file open, and this environment's `sotto` on its path."""

    def __init__(self, program: Path, file: Path, plugin: Path, set_up: str) -> None:
        """`plugin`: its folder. `set_up`: Vim script of the user's."""
        vimrc = file.parent / "vimrc"
        vimrc.write_text(f"set nocompatible noswapfile\nfiletype plugin on\nset runtimepath+={plugin}\n{set_up}\n")
        programs = file.parent / "bin"  # with nothing but this: Vim's own Python looks for itself on the path
        programs.mkdir()
        (programs / "sotto").symlink_to(Path(sys.executable).parent / "sotto")
        path = f"{programs}:{os.environ['PATH']}"
        command = [str(program), "-u", str(vimrc), "-i", "NONE", file.name]
        super().__init__(command, file.parent, HOME=str(file.parent), PATH=path)
        self.file = file
        self.wait(lambda: self.children("serve"))

    def holds(self, text: str) -> bool:
        """Whether the buffer comes to be this text, as it is written to the disk; AssertionError if it does not."""
        self.normal()
        self.command("write")
        return self.wait(lambda: self.file.read_text() == text)

    def normal(self) -> None:
        """Leave insert mode."""
        self.input(ESCAPE, pause=0.3)

    def command(self, line: str) -> None:
        """Run a command line."""
        self.input(f":{line}{ENTER}")
