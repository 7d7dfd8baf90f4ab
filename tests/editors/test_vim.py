"""Sotto's entry in the completion menu of a real Vim 9 with ALE, on its screen, set up as editors/README.md says."""

import re
import sys
from pathlib import Path

import pytest

from editors import install_vim
from editors.terminal_session import ESCAPE, TerminalSession

README = Path(__file__).parents[2] / "editors/README.md"
COMMAND, OPTIONS = "'%e serve'", "{'maxTokens': 48}"
CODE = "def mean(values):\n    total = sum(values)\n    return total / len\n"
BEFORE = "    return total / len("
NEXT = "\x0e"


@pytest.fixture(scope="module")
def vim(find_program):
    return find_program("Vim with ALE", install_vim)


@pytest.fixture
def open_vim(vim, tmp_path, sessions):
    def start(text):
        documented = re.search(r"```vim\n(let g:ale_.*?)```", README.read_text(), re.DOTALL)[1]
        assert COMMAND in documented and OPTIONS in documented
        ours = documented.replace("'sotto',\n\\   'command'", f"'{sys.executable}',\n\\   'command'")
        ours = ours.replace(COMMAND, "'%e -m sotto_lsp serve'")
        ours = ours.replace(OPTIONS, "{'minProbability': 0, 'budgetMs': 20000}")
        vimrc = tmp_path / "vimrc"
        vimrc.write_text(
            f"set nocompatible noswapfile\nfiletype plugin on\nset runtimepath+={install_vim.ALE}\n{ours}"
            "let g:ale_linters = {'python': ['sotto']}\n"
        )
        (tmp_path / "app.py").write_text(text)
        command = [str(vim), "-u", str(vimrc), "-i", "NONE", "app.py"]
        sessions.append(TerminalSession(command, tmp_path, HOME=str(tmp_path)))
        sessions[-1].wait(lambda: sessions[-1].children("sotto_lsp"))
        return sessions[-1]

    return start


@pytest.mark.editor_check("Vim, ALE", "line end", "accepted whole")
def test_the_entry_at_the_end_of_a_line_is_taken(open_vim, tmp_path):
    vim = open_vim(CODE)
    vim.input("3GA", "(va")
    menu = vim.wait(lambda: vim.row_with(" Sotto"))
    vim.input(NEXT)
    entry = menu.split()[-3]
    vim.wait(lambda: vim.row_with(BEFORE) == BEFORE + entry)
    vim.input(ESCAPE)
    vim.input(":w\r")
    vim.wait(lambda: (tmp_path / "app.py").read_text() == CODE.replace("len", "len(" + entry))
