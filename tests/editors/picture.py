"""The pictures of the terminal editors: the real ones, with what the embedded model suggests there, as SVG files.

make picture        or        PYTHONPATH=tests python -m editors.picture docs [neovim] [helix] [emacs]
"""

import sys
import tempfile
from pathlib import Path

from editors.install import install_emacs, install_helix, install_neovim
from editors.sessions.emacs_session import EmacsSession, with_lsp_mode
from editors.sessions.helix_session import HelixSession
from editors.sessions.neovim_terminal import NeovimTerminal
from editors.sessions.nvim_session import SERVER
from editors.sessions.terminal_picture import TerminalPicture

SIZE = {"columns": 76, "rows": 15}
BEFORE = '''\
"""Reading numbers that people typed."""


def parse(text: str) -> int | None:
    try:
        return int(text)
    '''
AFTER = """

def parse_all(lines: list[str]) -> list[int]:
    numbers = [parse(line) for line in lines]
    return [number for number in numbers if number is not None]
"""
NEOVIM_LOOKS = """
vim.o.termguicolors, vim.o.laststatus, vim.o.number, vim.o.ruler, vim.o.showmode = true, 0, true, false, false
vim.opt.fillchars = { eob = ' ' }
vim.cmd('syntax on')
vim.cmd('hi ComplHint guifg=#7d8290 gui=italic')
"""


def neovim(file: Path) -> NeovimTerminal:
    """Ghost text of several lines, in a function's body."""
    file.write_text(BEFORE + "\n" + AFTER)
    session = NeovimTerminal(install_neovim.install(), file, {"cmd": SERVER}, NEOVIM_LOOKS, **SIZE)
    session.wait_ready()
    session.command("echo ''")
    session.input("7GA")
    session.wait(lambda: session.row_with("except"))
    return session


def helix(file: Path) -> HelixSession:
    """The entry in the menu, selected, with all of its lines next to it."""
    file.write_text(BEFORE + "\n" + AFTER)
    session = HelixSession(install_helix.install(), file, columns=100, rows=16)
    session.wait_ready()
    session.type("7gg", "A", "\x18")
    session.wait(session.entries)
    session.input("\x0e")
    session.wait(lambda: session.row_with("Sotto"))
    return session


def emacs(file: Path) -> EmacsSession:
    """Ghost text of several lines, and lsp-mode's keys below."""
    file.write_text(BEFORE[:-1] + "\n" + AFTER)
    session = EmacsSession(install_emacs.install(), file, with_lsp_mode(), **SIZE)
    session.wait_ready()
    session.input("\x1b<", *["\x0e"] * 6, "\x05", " ")
    session.wait(session.ghost)
    return session


PICTURES = {
    neovim: ("ghost-text.svg", "Neovim", 13),
    helix: ("helix.svg", "Helix", 15),
    emacs: ("emacs.svg", "Emacs", 15),
}
"""What is drawn, into which file, under which title, and how many of its rows."""


def draw(folder: Path, names: list[str]) -> None:
    """The pictures of these editors, or all."""
    for start, (picture, title, num_rows) in PICTURES.items():
        if names and start.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory() as temporary:
            session = start(Path(temporary, "readings.py"))
            try:
                svg = TerminalPicture(session.terminal, f"readings.py - {title}", num_rows).svg()
            finally:
                session.close()
        (folder / picture).write_text(svg)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), sys.argv[2:])
