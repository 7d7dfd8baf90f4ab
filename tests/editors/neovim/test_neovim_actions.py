"""Code actions in real Neovims, chosen from the menu on their screens."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from editors.action_examples import FIRST_IN_THE_MENU
from editors.sessions.terminal_session import ENTER

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("pynvim"), reason="pynvim is not installed (pip install -e '.[test]')"
)

BROKEN = "def total(values)\n    return sum(values)\n"
REPAIRED = "def total(values):"
STUB = "function twice(x: number): number {\n}\n"
SCRIPTED = Path(__file__).parents[2] / "e2e" / "scripted_server.py"


@pytest.fixture
def open_ready(program, tmp_path, sessions):
    """A Neovim whose server has loaded its model."""
    from editors.sessions.neovim_terminal import NeovimTerminal
    from editors.sessions.nvim_session import SERVER

    def start(text, name="app.py", command=SERVER, filetype="python", **settings):
        (tmp_path / name).write_text(text)
        options = {"cmd": command, "filetypes": [filetype], "settings": settings}
        sessions.append(NeovimTerminal(program, tmp_path / name, options, columns=180))  # a message's length
        sessions[-1].wait_ready()
        return sessions[-1]

    return start


def choose_first(nvim, title="Fix syntax error here"):
    nvim.command("lua vim.lsp.buf.code_action()")
    nvim.wait(lambda: nvim.row_with(f"1: {title}"))
    nvim.input("1", ENTER)


@pytest.mark.editor_check("Neovim {program}", "code action")
def test_code_action_from_the_menu_shows_its_edit(open_ready, tmp_path):
    nvim = open_ready(BROKEN)
    choose_first(nvim)
    nvim.wait(lambda: nvim.row_with(REPAIRED))
    nvim.wait(lambda: nvim.row_with("checked that the file compiles"))
    nvim.command("write")
    nvim.wait(lambda: (tmp_path / "app.py").read_text().startswith(REPAIRED))
    nvim.input("u")
    nvim.wait(lambda: not nvim.row_with(REPAIRED))


@pytest.mark.editor_check("Neovim {program}", "code action")
@FIRST_IN_THE_MENU
def test_code_action_written_by_the_model_is_undone(open_ready, title, text, line, added):
    nvim = open_ready(text)
    nvim.command(str(line))
    choose_first(nvim, title)
    nvim.wait(lambda: nvim.row_with(added))
    nvim.wait(lambda: nvim.row_with("checked that the file compiles"))
    nvim.input("u")
    nvim.wait(lambda: not nvim.row_with(added))


@pytest.mark.editor_check("Neovim {program}", "code action")
def test_code_action_in_typescript_takes_the_first_answer_that_parses(open_ready, tmp_path):
    script = tmp_path / "script.json"
    script.write_text(json.dumps(["return x * (2;", "return x * 2;"]))
    nvim = open_ready(STUB, "app.ts", [sys.executable, str(SCRIPTED), str(script)], "typescript")
    choose_first(nvim, "Complete this body")
    nvim.wait(lambda: nvim.row_with("  return x * 2;"))
    nvim.wait(lambda: nvim.row_with("checked that it parses, all signatures are kept (2 answers)"))
    nvim.input("u")
    nvim.wait(lambda: not nvim.row_with("return x"))


@pytest.mark.editor_check("Neovim {program}", "preview or confirmation")
def test_action_preview_asks_before_an_edit_is_applied(open_ready, program):
    nvim = open_ready(BROKEN, actionPreview=True)
    choose_first(nvim)
    if program.parent.name == "neovim-0.10":
        nvim.wait(lambda: nvim.row_with(REPAIRED))
        pytest.skip("Neovim 0.10 cannot ask: the edit is applied at once")
    nvim.wait(lambda: nvim.row_with("[Y]es"))
    assert not nvim.row_with(REPAIRED)
    nvim.input("n")
    nvim.wait(lambda: not nvim.row_with("[Y]es"))
    assert nvim.stays(lambda: not nvim.row_with(REPAIRED))
    choose_first(nvim)
    nvim.wait(lambda: nvim.row_with("[Y]es"))
    nvim.input("y")
    nvim.wait(lambda: nvim.row_with("Applied changes"))
    nvim.input(ENTER)
    nvim.wait(lambda: nvim.row_with(REPAIRED))
