"""The README's picture: a real Neovim in a terminal, with ghost text from the embedded model, as an SVG.

    make picture        or        PYTHONPATH=tests python -m editors.picture docs/ghost-text.svg

Needs tmux, and Neovim as tests/editors/install_neovim.py puts it there.
"""

import html
import io
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from editors import install_neovim
from editors.nvim_session import CONFIG, SERVER

COLUMNS, ROWS = 76, 14
SOURCE = '''\
"""Reading numbers that people typed."""


def parse(text: str) -> int | None:
    try:
        return int(text)
    

def parse_all(lines: list[str]) -> list[int]:
    numbers = [parse(line) for line in lines]
    return [number for number in numbers if number is not None]
'''  # noqa: W293 - the cursor stands on the line of four blanks
KEYS = "7GA"
ITALIC = r"\x1b\[(?:\d+;)*3(?:;\d+)*m"  # nothing but the ghost text is set in italics
CELL_WIDTH, CELL_HEIGHT, BAR_HEIGHT, MARGIN = 8.4, 20, 34, 14
BACKGROUND, FOREGROUND, CURSOR = "#14161b", "#e0e2ea", "#e0e2ea"


@dataclass(frozen=True)
class Screen:
    """What the terminal shows: rows with colours, and where the cursor stands."""

    rows: list[Text]
    cursor_column: int
    cursor_row: int


def capture(program: Path) -> Screen:
    """The terminal's screen, once the ghost is there."""
    with tempfile.TemporaryDirectory() as folder:
        source, config = Path(folder, "numbers.py"), Path(folder, "init.lua")
        source.write_text(SOURCE)
        command = "{" + ", ".join(f'"{part}"' for part in SERVER) + "}"
        config.write_text(
            CONFIG.replace("local command = ...", f"local command = {command}")
            + "vim.o.swapfile, vim.o.termguicolors, vim.o.laststatus = false, true, 0\n"
            + "vim.opt.fillchars = { eob = ' ' }\nvim.o.number, vim.o.ruler, vim.o.showmode = true, false, false\n"
            + "vim.cmd('syntax on')\nvim.cmd('hi ComplHint guifg=#7d8290 gui=italic')\n"
            # Half a second: ghost text is switched on after LspAttach, and an InsertEnter before that is missed.
            + "vim.api.nvim_create_autocmd('LspAttach', { callback = function()\n"
            + f"  vim.defer_fn(function() vim.api.nvim_input('{KEYS}') end, 500)\nend }})\n"
        )
        tmux = ["tmux", "-L", "sotto-picture", "-f", "/dev/null"]
        run = f"{program} -u {config} -i NONE {source}"
        subprocess.run([*tmux, "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), run], check=True)
        try:
            ansi = _capture_with(tmux, ITALIC)
            cursor = _output([*tmux, "display-message", "-p", "#{cursor_x} #{cursor_y}"]).split()
            rows = [
                Text.from_ansi(line) for line in ansi.rstrip("\n").split("\n")[:-1]
            ]  # without the command line
            return Screen(rows, int(cursor[0]), int(cursor[1]))
        finally:
            subprocess.run([*tmux, "kill-server"], check=False)


def _capture_with(tmux: list[str], wanted: str, seconds: float = 30.0) -> str:
    """The screen as soon as it holds what is wanted, with its colours; no picture is drawn without its ghost."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ansi = _output([*tmux, "capture-pane", "-p", "-e"])
        if re.search(wanted, ansi):
            return ansi
        time.sleep(0.1)
    raise RuntimeError(f"nothing like {wanted} came on the screen:\n{ansi}")


def draw(screen: Screen) -> str:
    """The SVG: a window with every word where its cells are, so that no viewer's fonts can shift it."""
    width = COLUMNS * CELL_WIDTH + 2 * MARGIN
    height = BAR_HEIGHT + len(screen.rows) * CELL_HEIGHT + MARGIN
    x, y = MARGIN + screen.cursor_column * CELL_WIDTH, BAR_HEIGHT + screen.cursor_row * CELL_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="14">',
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{BACKGROUND}"/>',
        *(
            f'<circle cx="{20 + 20 * number}" cy="17" r="6" fill="{colour}"/>'
            for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
        ),
        f'<text x="{width / 2:g}" y="22" text-anchor="middle" fill="#9b9ea4">numbers.py - Neovim</text>',
        f'<rect x="{x:g}" y="{y + 2:g}" width="2" height="{CELL_HEIGHT - 3}" fill="{CURSOR}"/>',
    ]
    for number, row in enumerate(screen.rows):
        parts += _words(row, BAR_HEIGHT + number * CELL_HEIGHT + 15)
    return "\n".join([*parts, "</svg>", ""])


def _words(row: Text, y: float) -> list[str]:
    console = Console(width=COLUMNS, color_system="truecolor", file=io.StringIO())
    words: list[str] = []
    column = 0
    for segment in row.render(console):
        style = segment.style
        colour = style.color.get_truecolor().hex if style and style.color else FOREGROUND
        weight = ' font-weight="bold"' if style and style.bold else ""
        weight += ' font-style="italic"' if style and style.italic else ""
        for match in re.finditer(r"\S+", segment.text):
            x = MARGIN + (column + match.start()) * CELL_WIDTH
            length = len(match.group()) * CELL_WIDTH
            words.append(
                f'<text x="{x:g}" y="{y:g}" textLength="{length:g}" fill="{colour}"{weight}>'
                f"{html.escape(match.group())}</text>"
            )
        column += len(segment.text)
    return words


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(draw(capture(install_neovim.install())))
