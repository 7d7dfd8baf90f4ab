"""VscodeWindow: one window of a real VS Code, in a browser; its screen is read from there, ghost text included."""

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from editors.install.install_vscode import Vscode
from editors.vscode.code_server import CodeServer

DRIVER = Path(__file__).with_name("vscode_driver.mjs")
SHOTS = Path(__file__).parents[3] / "build/editors/vscode"

# Lines as they are displayed, top to bottom, each as [is added by a ghost, [[text, is ghost], ...]].
# Those of a notebook's cells come together.
_PARTS = r"""
(() => {
  const clean = (text) => text.replace(/\u00a0/g, " ").replace(/[\u200b\u200c\u2060\ufeff]/g, "");
  const pieces = (line) => {
    const spans = [...line.querySelectorAll(":scope > span > span")];
    return spans.map((span) => [clean(span.textContent), /ghost-text/.test(span.className)]);
  };
  const editors = ":is(.editor-group-container.active, .notebookOverlay) .monaco-editor";
  return [...document.querySelectorAll(`${editors} .view-line`)]
    .filter((line) => line.checkVisibility({ visibilityProperty: true }))
    .map((line) => ({ top: line.getBoundingClientRect().top, is: [!!line.closest(".view-zones"), pieces(line)] }))
    .sort((a, b) => a.top - b.top)
    .map((line) => line.is);
})()
"""
_STATUS = 'document.getElementById("sotto.sotto.sotto")?.getAttribute("aria-label") ?? ""'
_ROW = 'document.querySelector(".quick-input-widget .monaco-list-row.focused")?.textContent ?? ""'
_ROWS = '[...document.querySelectorAll("{}")].map((row) => row.textContent.replace(/\\u00a0/g, " "))'
_TAB = 'document.querySelector(".editor-group-container.active .tab.active")?.textContent ?? ""'
_HAS_INPUT = '!!document.querySelector(".quick-input-widget")?.checkVisibility()'


class VscodeWindow:
    """A folder is open in it, with its own `.vscode/settings.json`."""

    def __init__(self, parts: Vscode, server: CodeServer, folder: Path, profile: Path) -> None:
        """`folder`: what is open; `profile`: for the browser's files."""
        self.server, self.folder = server, folder
        self._num_files = 0
        folder.mkdir(parents=True)
        self._driver = subprocess.Popen(
            [parts.node / "node", DRIVER, parts.playwright, parts.chromium, profile],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    # What a user does

    def load(self, text: str = "") -> Path:
        """Open the window, or open it again, with a new file in it."""
        file = self._new_file(text)
        opened = json.dumps([["openFile", f"vscode-remote://127.0.0.1:{self.server.port}{file}"]])
        query = f"folder={quote(str(self.folder), safe='')}&payload={quote(opened, safe='')}"
        self._do("open", f"http://127.0.0.1:{self.server.port}/?{query}")
        self.wait(lambda: self.read(_TAB) == file.name and self.status(), 180)
        self.press("Control+End")
        return file

    def open_text(self, text: str, line: int = 0, column: int = 0, name: str = "case{:03}.py") -> Path:
        """A new file with this text; the cursor at its end, or there (from 1)."""
        file = self._open_file(text, name)
        lines = text.replace("\r\n", "\n").expandtabs(4).split("\n")
        self.wait(lambda: self.lines()[: len(lines)] == lines)
        if line:
            self.press("Control+G")
            self._choose(f"{line}:{column}", row="")
        else:
            self.press("Control+End")
        return file

    def open_notebook(self, *cells: str, at: int) -> Path:
        """A new notebook with these cells of Python; the cursor at the end of one of them (from 0)."""
        nothing: dict[str, object] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
        python = {"language_info": {"name": "python"}}
        notebook = {"cells": [nothing | {"source": cell} for cell in cells], "metadata": python}
        file = self._open_file(json.dumps(notebook | {"nbformat": 4, "nbformat_minor": 5}), "case{:03}.ipynb")
        last_line = cells[at].split("\n")[-1]
        self.wait(lambda: last_line in self.lines())
        self.click(".notebookOverlay .view-line", last_line)
        self.press("Control+End")
        return file

    def run(self, title: str) -> None:
        """A command from the palette."""
        self.press("F1")
        self._choose(title, row=title)

    def choose(self, label: str) -> None:
        """An entry of a list that a command has opened."""
        self.wait(lambda: any(label in row for row in self.rows()))
        self._choose(label, row=label)

    def set(self, **settings: object) -> None:
        """The folder's settings of Sotto; VS Code sees them a moment later."""
        (self.folder / ".vscode").mkdir(exist_ok=True)
        named = {f"sotto.{name.replace('_', '.')}": value for name, value in settings.items()}
        (self.folder / ".vscode/settings.json").write_text(json.dumps(named))

    def press(self, *keys: str) -> None:
        """Keys by playwright's names: `Tab`, `Control+ArrowRight`."""
        for key in keys:
            self._do("press", key)

    def type(self, text: str, delay_ms: int = 30) -> None:
        self._do("type", text, delay_ms)

    def click(self, selector: str, text: str = "") -> None:
        self._do("click", selector, text)

    # What a user sees

    def look(self) -> tuple[list[str], str]:
        """The document's lines without ghost text, and the ghost with all its lines ("" for none), of one moment."""
        lines: list[str] = []
        ghost: list[str] = []
        for is_added, pieces in self.read(_PARTS):
            if not is_added:
                lines.append("".join(text for text, is_ghost in pieces if not is_ghost))
            if shown := "".join(text for text, is_ghost in pieces if is_ghost):
                ghost.append(shown)
        return lines, "\n".join(ghost)

    def lines(self) -> list[str]:
        return self.look()[0]

    def ghost(self) -> str:
        return self.look()[1]

    def screen(self) -> list[str]:
        """The rows as they are displayed, ghost text included."""
        return ["".join(text for text, _ in pieces) for _, pieces in self.read(_PARTS)]

    def saved(self, file: Path) -> str:
        """The document, on the disk, with its own line ends."""
        self.press("Control+S")
        return file.read_bytes().decode()

    def status(self) -> str:
        """Sotto's item in the status bar, as it is read aloud: its icon, its text, its tooltip."""
        return self.read(_STATUS)

    def rows(self, selector: str = ".quick-input-widget .monaco-list-row") -> list[str]:
        """The entries of a list; by default of the one that a command has opened."""
        return self.read(_ROWS.format(selector))

    def messages(self) -> list[str]:
        return self.rows(".notification-list-item-message")

    def read(self, expression: str):
        """The value of a JavaScript expression in the window."""
        return self._do("read", expression)

    def shoot(self, name: str) -> None:
        """Keep what is on the screen as build/editors/vscode/NAME.png."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self._do("screenshot", str(SHOTS / f"{name}.png"))

    def wait(self, happened, seconds: float = 60.0):
        """Poll until `happened()` is true and return it; AssertionError with the screen after that time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := happened():
                return value
            time.sleep(0.05)
        with contextlib.suppress(AssertionError):  # messages that were not read in time are in its list
            self.click('[id="status.notifications"] a')
        self.shoot("not-happened")
        raise AssertionError("\n".join(["on the screen:", *self.screen(), self.status(), *self.messages()]))

    def stays(self, is_so, seconds: float = 1.0) -> bool:
        """Whether something is so now and at every look in the next moments."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not is_so():
                return False
        return True

    def close(self) -> None:
        self._driver.stdin.close()
        try:
            self._driver.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._driver.pid, signal.SIGKILL)
            self._driver.wait()

    def _open_file(self, text: str, name: str) -> Path:
        file = self._new_file(text, name)
        self.press("Escape", "Control+P")
        self._choose(str(file), row=file.name)  # VS Code's index does not know it yet
        self.wait(lambda: self.read(_TAB) == file.name)
        return file

    def _new_file(self, text: str, name: str = "case{:03}.py") -> Path:
        self._num_files += 1
        file = self.folder / name.format(self._num_files)
        file.write_bytes(text.encode())
        return file

    def _choose(self, typed: str, *, row: str) -> None:
        self.wait(lambda: self.read(_HAS_INPUT))
        self.type(typed, 0)
        self.wait(lambda: row in self.read(_ROW))
        self.press("Enter")

    def _do(self, *operation: object):
        self._driver.stdin.write(json.dumps(operation) + "\n")
        self._driver.stdin.flush()
        answer = json.loads(self._driver.stdout.readline() or '{"error": "the browser is gone"}')
        assert "error" not in answer, f"{operation[0]}: {answer['error']}"
        return answer["value"]
