"""The actions of an instruct model in real Neovims: the real server, and answers that are written down."""

import importlib.util

import pytest

from editors.instruct_examples import CODE, SHORT, SHORTER, scripted_server
from editors.sessions.terminal_session import ENTER, ESCAPE

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("pynvim"), reason="pynvim is not installed (pip install -e '.[test]')"
)
OF_LINES = ["Simplify", "Rewrite selection as: Say it in one line.", "Explain"]


@pytest.mark.editor_check("Neovim {program}", "code action")
@pytest.mark.parametrize("number", [1, 2], ids=["simplify", "rewrite"])
def test_rewrite_replaces_the_selected_lines(program, tmp_path, sessions, number):
    from editors.sessions.neovim_terminal import NeovimTerminal

    (tmp_path / "app.py").write_text(CODE)
    options = {"cmd": scripted_server(tmp_path, SHORT), "filetypes": ["python"]}
    sessions.append(NeovimTerminal(program, tmp_path / "app.py", options, columns=180))
    nvim = sessions[-1]
    nvim.wait_ready()
    nvim.command("lua vim.keymap.set('x', 'ga', vim.lsp.buf.code_action)")
    nvim.input("3GVjj", "ga")
    nvim.wait(lambda: all(nvim.row_with(f"{at}: {title}") for at, title in enumerate(OF_LINES, 1)))
    nvim.input(str(number), ENTER)
    nvim.wait(lambda: nvim.row_with(SHORT) and nvim.row_with("checked that the file compiles"))
    nvim.input(ESCAPE)  # the lines are selected still
    nvim.command("write")
    nvim.wait(lambda: (tmp_path / "app.py").read_text() == SHORTER)
    nvim.input("u")
    nvim.wait(lambda: nvim.row_with("out.append(3 * r)"))
