"""Sotto's entry in the completion menu of a real Vim 9 with ALE, and with vim-lsp, on its screen, set up as
editors/README.md says. vim-lsp is in no registry: SOTTO_VIM_LSP=PATH names a folder that has it.
"""

import os
import signal
from pathlib import Path

import pytest

from editors.install import install_vim
from editors.sessions.terminal_session import ENTER, ESCAPE
from editors.sessions.vim_session import VimSession, documented

VIM_LSP = os.environ.get("SOTTO_VIM_LSP", "")
CODE = "def mean(values):\n    total = sum(values)\n    return total / len\n"
BEFORE = "    return total / len("
BROKEN = "def total(values)\n    return sum(values)\n"
REPAIRED = "def total(values):"
STAT = "import os\n\n\ndef size(path):\n    return os.stat()\n"
NEXT, OMNI = "\x0e", "\x18\x0f"


@pytest.fixture(scope="module")
def vim(find_program):
    return find_program("Vim", install_vim)


@pytest.fixture
def open_vim(vim, tmp_path, sessions):
    def start(text, plugin, set_up):
        (tmp_path / "app.py").write_text(text)
        sessions.append(VimSession(vim, tmp_path / "app.py", plugin, set_up))
        return sessions[-1]

    return start


@pytest.fixture
def open_ale(open_vim):
    set_up = documented("let g:ale_") + "let g:ale_linters = {'python': ['sotto']}"
    return lambda text: open_vim(text, install_vim.ALE, set_up)


@pytest.fixture
def open_vim_lsp(open_vim):
    if not VIM_LSP:
        pytest.skip("vim-lsp is in no registry; SOTTO_VIM_LSP=PATH names a folder that has it")

    def start(text):
        vim = open_vim(text, Path(VIM_LSP), documented("if executable('sotto')"))
        wait_served(vim)
        return vim

    return start


@pytest.mark.editor_check("Vim, ALE", "line end", "accepted whole")
def test_ale_entry_at_a_lines_end_is_accepted(open_ale):
    vim = open_ale(CODE)
    vim.input("3GA", "(va")
    menu = vim.wait(lambda: vim.row_with(" Sotto"))
    vim.input(NEXT)
    entry = menu.split()[-3]
    vim.wait(lambda: vim.row_with(BEFORE) == BEFORE + entry)
    assert vim.holds(CODE.replace("len", "len(" + entry))


@pytest.mark.editor_check("Vim, ALE", "mid-line")
def test_ale_entry_in_mid_line_leaves_the_text_after_it(open_ale):
    vim = open_ale(STAT)
    vim.input("5Gf)i", "pa")
    vim.wait(lambda: vim.row_with(" Sotto"))
    vim.input(NEXT)
    assert vim.holds(STAT.replace("()", "(path)"))


@pytest.mark.editor_check("Vim, ALE", "typed along", "nothing stale: undo")
def test_ale_type_through_inserts_nothing_twice_and_is_undone(open_ale):
    vim = open_ale(CODE)
    vim.input("3GA", "(va")
    entry = vim.wait(lambda: vim.row_with(" Sotto")).split()[-3]
    vim.input("l")
    vim.wait(lambda: vim.row_with(" Sotto"))
    vim.input(NEXT)
    assert vim.holds(CODE.replace("len", "len(" + entry))
    vim.input("u")
    assert vim.holds(CODE)


@pytest.mark.editor_check("Vim, ALE", "nothing stale: insert mode left", "nothing stale: deletion")
@pytest.mark.parametrize("keys", ["\x7f\x7f", ESCAPE])
def test_ale_stale_entry_goes_with_its_word_and_with_insert_mode(open_ale, keys):
    vim = open_ale(CODE)
    vim.input("3GA", "(va")
    vim.wait(lambda: vim.row_with(" Sotto"))
    vim.input(*keys)
    vim.wait(lambda: not vim.row_with(" Sotto"))
    assert vim.stays(lambda: not vim.row_with(" Sotto"), 1.5)


@pytest.mark.editor_check("Vim, ALE", "server killed and back")
def test_ale_killed_server_is_back_with_the_next_letters(open_ale):
    vim = open_ale(CODE)
    vim.input("3GA", "(va")
    vim.wait(lambda: vim.row_with(" Sotto"))
    (server,) = vim.children("serve")
    os.kill(server, signal.SIGKILL)
    vim.wait(lambda: server not in vim.children("serve"))

    def is_back():
        vim.input("\x7f\x7f", "va")
        return not vim.stays(lambda: not vim.row_with(" Sotto"), 2)

    vim.wait(is_back, 60)
    assert server not in vim.children("serve")


def wait_served(vim):
    """Until then the completion is Vim's own, which asks its own Python."""

    def is_served():
        vim.command("set omnifunc?")
        return vim.row_with("omnifunc=lsp#complete")

    vim.wait(is_served)


def complete(vim):
    """Ask until something was inserted: there is nothing until the model is loaded."""
    before = vim.screen()[:5]

    def asked():
        vim.input(OMNI)
        return not vim.stays(lambda: vim.screen()[:5] == before, 2)

    vim.wait(asked, 60)


@pytest.mark.editor_check("Vim, vim-lsp", "line end", "accepted whole")
def test_vim_lsp_only_entry_at_a_lines_end_is_inserted_at_once(open_vim_lsp):
    vim = open_vim_lsp(CODE)
    vim.input("3GA", "(va")
    complete(vim)
    assert vim.holds(CODE.replace("len", "len(values)"))


@pytest.mark.editor_check("Vim, vim-lsp", "mid-line")
def test_vim_lsp_entry_in_mid_line_leaves_the_text_after_it(open_vim_lsp):
    vim = open_vim_lsp(STAT)
    vim.input("5Gf)i", "p")
    complete(vim)
    assert vim.holds(STAT.replace("()", "(path)"))


def test_vim_lsp_entry_of_several_lines_is_its_first_line(open_vim_lsp):
    text = "def parse(text):\n    try:\n        return int(text)\n    "
    vim = open_vim_lsp(text + "\n")
    vim.input("4GA")
    complete(vim)
    assert vim.holds(text + "except ValueError:\n"), "it would stand there twice with the others below"


@pytest.mark.editor_check("Vim, vim-lsp", "nothing stale: undo")
def test_vim_lsp_undo_removes_an_entry(open_vim_lsp):
    vim = open_vim_lsp(CODE)
    vim.input("3GA", "(va")
    complete(vim)
    vim.normal()
    vim.input("u")
    assert vim.holds(CODE)


@pytest.mark.editor_check("Vim, vim-lsp", "server killed and back", "off and on")
@pytest.mark.parametrize("is_killed", [False, True])
def test_vim_lsp_killed_server_is_back_with_a_reopened_buffer(open_vim_lsp, is_killed):
    vim = open_vim_lsp(CODE)
    (server,) = vim.children("serve")
    if is_killed:
        os.kill(server, signal.SIGKILL)
    else:
        vim.command("LspStopServer sotto")
    vim.wait(lambda: server not in vim.children("serve"))

    def is_back():  # vim-lsp must have noticed the end
        vim.command("edit")
        return not vim.stays(lambda: not vim.children("serve"), 1)

    vim.wait(is_back)
    wait_served(vim)
    vim.input("3GA", "(va")
    complete(vim)
    assert vim.holds(CODE.replace("len", "len(values)"))


@pytest.mark.editor_check("Vim, vim-lsp", "code action")
def test_vim_lsp_code_action_shows_its_edit(open_vim_lsp):
    vim = open_vim_lsp(BROKEN)

    def offered():  # there is none until the model is loaded
        vim.command("LspCodeAction")
        return not vim.stays(lambda: not vim.row_with("Fix syntax error here"), 1)

    vim.wait(offered, 60)
    vim.input(ENTER)
    vim.wait(lambda: vim.row_with(REPAIRED))
    assert vim.holds(BROKEN.replace("def total(values)", REPAIRED))
