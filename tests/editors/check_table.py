"""CheckTable: which check was made in which editor, from the results of the tests marked with it.

    @pytest.mark.editor_check("Helix", "line end", "accepted whole")

`{program}` in the editor's name stands for that parameter of the test. `make test-editors` prints the table and keeps
it as build/editors/table.md.
"""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "build/editors"
CHECKS = (
    "line end",
    "mid-line",
    "several lines",
    "accepted whole",
    "accepted by word",
    "accepted by line",
    "typed along",
    "next candidate",
    "code action",
    "preview or confirmation",
    "off and on",
    "server killed and back",
    "nothing stale: fast typing",
    "nothing stale: deletion",
    "nothing stale: undo",
    "nothing stale: insert mode left",
    "closed brackets",
    "dos file and tabs",
    "snippet jump",
    "indentation first",
    "beside a menu",
)
IN_A_LIST = "an entry of a completion list is taken whole"
NO_EDITS = "ALE applies no edits of a server's own"
FIRST = "not tested there: its users see the others first"
BARE = "not tested without the plugin; see Neovim 0.12"
IN_A_MENU = ("Emacs, eglot", "Helix", "Vim, ALE", "Vim, vim-lsp")
WHY_NOT = {
    **{(editor, check): FIRST for editor in IN_A_MENU for check in CHECKS},
    **{(editor, f"accepted by {part}"): IN_A_LIST for editor in IN_A_MENU for part in ("word", "line")},
    **{(editor, "next candidate"): "the server has one candidate, and no second ran" for editor in IN_A_MENU},
    ("Helix", "preview or confirmation"): "Helix applies every edit at once (source of 25.07)",
    (
        "Vim, vim-lsp",
        "several lines",
    ): "vim-lsp inserts the first of several lines twice: it is sent one line",
    ("Vim, ALE", "several lines"): "ALE cuts an entry at its first bracket",
    ("Vim, ALE", "code action"): NO_EDITS,
    ("Vim, ALE", "preview or confirmation"): NO_EDITS,
    ("Emacs, lsp-mode", "preview or confirmation"): "lsp-mode 10 does not declare change annotations",
    **{("Neovim 0.12 alone", check): BARE for check in CHECKS},
    (
        "VS Code",
        "nothing stale: insert mode left",
    ): "VS Code has no insert mode; Esc takes the ghost off (tested)",
}
"""Checks that no test makes in an editor, and the reason."""
GREEN = "green"


class CheckTable:
    """A plugin of pytest: collects the results and writes the table at the end."""

    def __init__(self) -> None:
        self._results: dict[tuple[str, str], set[str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        for marker in item.iter_markers("editor_check"):
            editor, *checks = marker.args
            parameters = item.callspec.params if hasattr(item, "callspec") else {}
            for check in checks:
                if check not in CHECKS:
                    raise pytest.UsageError(f"{item.nodeid}: no check is called {check!r}")
                self._note((editor.format(**parameters), check), report)
        return report

    def _note(self, key: tuple[str, str], report: pytest.TestReport) -> None:
        results = self._results.setdefault(key, set())
        if report.skipped:
            results.add(str(report.longrepr[2]).removeprefix("Skipped: "))
        elif report.failed:
            results.add(f"**fails** ({report.nodeid.rpartition('::')[2]})")
        elif report.when == "call":
            results.add(GREEN)

    def pytest_terminal_summary(self, terminalreporter):
        if self._results:
            FOLDER.mkdir(parents=True, exist_ok=True)
            FOLDER.joinpath("table.md").write_text(self.text())
            terminalreporter.write("\n" + self.text())

    def text(self) -> str:
        """Checks down, editors across; the reasons as notes below, numbered."""
        editors = list(dict.fromkeys(editor for editor, _ in self._results))
        notes: list[str] = []
        lines = [f"| | {' | '.join(editors)} |", "|---|" + "---|" * len(editors)]
        for check in CHECKS:
            cells = [self._cell(self._result(editor, check), notes) for editor in editors]
            lines.append(f"| {check} | {' | '.join(cells)} |")
        return "\n".join([*lines, "", *(f"{number}. {note}" for number, note in enumerate(notes, 1)), ""])

    def _result(self, editor: str, check: str) -> set[str]:
        return self._results.get((editor, check)) or {WHY_NOT.get((editor, check), "not tested")}

    @staticmethod
    def _cell(result: set[str], notes: list[str]) -> str:
        bad = sorted(result - {GREEN})
        notes += [note for note in bad if note not in notes]
        return GREEN if not bad else " ".join(f"({notes.index(note) + 1})" for note in bad)
