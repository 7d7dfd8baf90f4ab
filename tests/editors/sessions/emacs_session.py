"""EmacsSession: a real Emacs in a terminal, with lsp-mode or eglot."""

import re
import sys
from pathlib import Path

from editors.sessions.terminal_session import ENTER, TerminalSession

SHIPPED = Path(__file__).parents[3] / "editors/emacs/sotto.el"
README = Path(__file__).parents[3] / "editors/README.md"
DOCUMENTED_COMMAND = '"sotto" "serve"'
SERVER = [sys.executable, "-m", "sotto_lsp", "serve"]
GHOST_FACE = """(set-face-attribute 'lsp-inline-completion-overlay-face nil
                    :inherit nil :foreground "#7d8290" :slant 'italic)"""
"""Italics, which nothing else in the windows is set in."""


NO_QUESTIONS = """
(setq python-indent-guess-indent-offset nil make-backup-files nil auto-save-default nil inhibit-startup-screen t
      frame-background-mode 'dark)
(frame-set-background-mode (selected-frame))
"""


def with_lsp_mode(server: list[str] = SERVER) -> str:
    """editors/emacs/sotto.el, with this server, for a slow machine, and nothing else of lsp-mode's on the screen."""
    return f"""(require 'lsp-mode-autoloads)
(load "{SHIPPED}" nil t)
(setq sotto-command '({_quoted(server)}) sotto-options '(:minProbability 0 :budgetMs 20000)
      lsp-auto-guess-root t lsp-enable-suggest-server-download nil
      lsp-session-file (expand-file-name "lsp-session")
      lsp-headerline-breadcrumb-enable nil lsp-diagnostics-provider :none lsp-modeline-code-actions-enable nil)
{GHOST_FACE}
(add-hook 'python-mode-hook #'lsp)
"""


def with_eglot() -> str:
    """What editors/README.md says, with this checkout's server and for a slow machine."""
    documented = re.search(r"```elisp\n(\(with-eval-after-load 'eglot.*?)```", README.read_text(), re.DOTALL)
    assert documented and DOCUMENTED_COMMAND in documented[1], "editors/README.md has lost eglot's configuration"
    slow = "(setq-default eglot-workspace-configuration '(:sotto (:minProbability 0 :budgetMs 20000)))\n"
    return documented[1].replace(DOCUMENTED_COMMAND, _quoted(SERVER)) + slow


def _quoted(command: list[str]) -> str:
    return " ".join(f'"{part}"' for part in command)


class EmacsSession(TerminalSession):
    """One Emacs with one file open."""

    def __init__(self, program: Path, file: Path, set_up: str, **size: int) -> None:
        """`set_up`: Lisp of the user's, as `with_lsp_mode` or `with_eglot`."""
        init = file.parent / "init.el"
        (file.parent / ".git").mkdir()  # lsp-mode asks for a project's folder where it sees none
        init.write_text(NO_QUESTIONS + set_up)
        command = [str(program), "-nw", "-l", str(init), file.name]
        super().__init__(command, file.parent, **size, HOME=str(file.parent))
        self.file = file

    def wait_ready(self) -> None:
        """lsp-mode is connected and shows no loading any more."""
        self.wait(
            lambda: re.search(r"LSP\[sotto:\d+\]", self.row_with("LSP[")) and not self.row_with("loading"),
            120,
        )

    def ghost(self) -> str:
        """The ghost text on the screen, its lines joined; "" for none."""
        self.screen()
        lines = []
        for number in range(self.terminal.lines - 1):  # the last is the echo area
            cells = self.terminal.buffer[number]
            shown = "".join(cells[column].data for column in range(self.terminal.columns) if cells[column].italics)
            lines += [shown.rstrip()] if shown.strip() else []
        return "\n".join(lines)

    def run(self, command: str) -> None:
        """M-x."""
        self.input("\x1bx", command, ENTER, pause=0.3)

    def text(self) -> str:
        """The buffer, as it is written to the disk now."""
        self.input("\x18", "\x13")
        self.wait(lambda: self.row_with("Wrote"))
        return self.file.read_text()
