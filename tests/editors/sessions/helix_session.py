"""HelixSession: a real Helix in a terminal, set up with the files of editors/helix."""

import sys
from pathlib import Path

from editors.sessions.terminal_session import ENTER, ESCAPE, TerminalSession

SHIPPED = Path(__file__).parents[3] / "editors/helix"
SERVER = [sys.executable, "-m", "sotto_lsp", "serve"]
CONFIG_LINE = "config = { maxTokens = 64 }"
SLOW_MACHINE = "config = { minProbability = 0, budgetMs = 20000 }"
KIND = "text"
"""What Helix puts after an entry of Sotto's kind in its menu."""


class HelixSession(TerminalSession):
    """One Helix with one file open. `server`: what `sotto serve` starts."""

    def __init__(self, program: Path, file: Path, server: list[str] = SERVER, **size: int) -> None:
        home = file.parent / "home"
        configuration, programs = home / ".config/helix", home / "bin"
        configuration.mkdir(parents=True)
        programs.mkdir()
        languages = (SHIPPED / "languages.toml").read_text()
        assert CONFIG_LINE in languages
        (configuration / "languages.toml").write_text(languages.replace(CONFIG_LINE, SLOW_MACHINE))
        (configuration / "config.toml").write_text((SHIPPED / "config.toml").read_text())
        command = " ".join(f'"{part}"' for part in server)
        (programs / "sotto").write_text(f"#!/bin/sh\nexec {command}\n")
        (programs / "sotto").chmod(0o755)
        super().__init__(
            [str(program), file.name],
            file.parent,
            **size,
            HOME=str(home),
            XDG_CONFIG_HOME=str(home / ".config"),
            XDG_CACHE_HOME=str(home / ".cache"),
            PATH=f"{programs}:/usr/bin:/bin",
        )
        self.file = file

    def wait_ready(self) -> None:
        """The model is loaded, by the status line."""
        self.wait(lambda: self.row_with("ready"), 60)

    def entries(self) -> list[str]:
        """The labels in the completion menu, best first; an empty list where no menu is open."""
        found = []
        for number, row in enumerate(self.screen()):
            if row.endswith(f" {KIND}"):
                cells = self.terminal.buffer[number]
                ground = cells[len(row) - 1].bg  # the menu lies over the text, on a ground of its own
                start = next(column for column in range(len(row), -1, -1) if cells[column - 1].bg != ground)
                found.append(row[start:].removesuffix(KIND).strip())
        return found

    def type(self, *keys: str) -> None:
        """Keys at a pace that leaves Helix time for a request: none goes out for a letter typed while it waits."""
        self.input(*keys, pause=0.6)

    def text(self) -> str:
        """The buffer, as it is written to the disk now."""
        self.normal()
        self.input(f":w!{ENTER}")
        self.wait(lambda: self.row_with("written"))
        return self.file.read_text()

    def normal(self) -> None:
        """Leave insert mode."""
        self.input(ESCAPE)
        self.wait(lambda: self.row_with(" NOR "))
