"""Ghost text in a real Neovim 0.12, on its screen, from the real server on the embedded model.

Runs in CI and where `make test-nvim` has installed Neovim; elsewhere it is skipped.
"""

import importlib.util
import os
import signal

import pytest

from editors.install import install_neovim

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("pynvim"), reason="pynvim is not installed (pip install -e '.[test]')"
)

CODE = "def mean(values):\n    total = sum(values)\n    return total / len"


@pytest.fixture(scope="module")
def program(find_program):
    return find_program("Neovim 0.12", install_neovim)


@pytest.fixture
def open_neovim(program, tmp_path, sessions):
    from editors.sessions.nvim_session import NvimSession

    def start(text):
        (tmp_path / "app.py").write_text(text)
        sessions.append(NvimSession(program, tmp_path / "app.py"))
        return sessions[-1]

    return start


@pytest.mark.editor_check("Neovim 0.12 alone", "line end", "accepted whole")
def test_ghost_text_at_a_lines_end_is_shown_and_accepted_with_tab(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    ghost = nvim.wait(nvim.ghost)
    assert ghost.startswith("values")
    assert nvim.row_with("return total / len(").endswith("len(" + ghost)
    assert nvim.lines()[-1] == "    return total / len(", "nothing is in the buffer yet"
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines()[-1] == "    return total / len(" + ghost)


@pytest.mark.editor_check("Neovim 0.12 alone", "mid-line")
def test_ghost_text_in_mid_line_leaves_the_text_after_it(open_neovim):
    nvim = open_neovim("import os\n\n\ndef size(path):\n    return len(os.stat())\n")
    nvim.input("5G$hip")
    ghost = nvim.wait(nvim.ghost)
    assert f"len(os.stat(p{ghost}))" in nvim.row_with("os.stat(p")
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines()[4] == f"    return len(os.stat(p{ghost}))")


@pytest.mark.editor_check("Neovim 0.12 alone", "several lines")
def test_ghost_text_of_several_lines_is_accepted_whole(open_neovim):
    nvim = open_neovim("def parse(text):\n    try:\n        return int(text)\n    ")
    nvim.input("GA")
    ghost = nvim.wait(lambda: nvim.ghost() if "\n" in nvim.ghost() else "")
    first, second = ghost.split("\n")[:2]
    rows = nvim.screen()
    at = next(number for number, row in enumerate(rows) if first in row)
    assert second.strip() in rows[at + 1]
    nvim.input("<Tab>")
    nvim.wait(lambda: second in nvim.lines())


@pytest.mark.editor_check("Neovim 0.12 alone", "nothing stale: insert mode left")
def test_stale_ghost_goes_with_other_text_and_with_insert_mode(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    ghost = nvim.wait(nvim.ghost)
    nvim.input("42 +")
    nvim.wait(lambda: nvim.row_with("42 +") and nvim.ghost() != ghost)
    assert ghost not in nvim.row_with("42 +")
    nvim.input("<Esc>")
    nvim.wait(lambda: nvim.ghost() == "")
    assert nvim.row_with("42 +") == "    return total / len(42 +"


@pytest.mark.editor_check("Neovim 0.12 alone", "typed along")
def test_type_through_then_accept_inserts_nothing_twice(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    ghost = nvim.wait(nvim.ghost)
    nvim.input(ghost[:3] + "<Tab>")
    nvim.wait(lambda: nvim.lines()[-1] == "    return total / len(" + ghost)


def test_stale_ghost_is_not_inserted(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    nvim.wait(nvim.ghost)
    nvim.input("42<Tab>")
    nvim.input("!")
    nvim.wait(lambda: "!" in nvim.lines()[-1])
    assert nvim.lines()[-1] == "    return total / len(42!"


def test_killed_server_leaves_neovim_running(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    nvim.wait(nvim.ghost)
    servers = nvim.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")
    assert len(servers) == 1
    os.kill(servers[0], signal.SIGKILL)
    nvim.wait(lambda: nvim.lua("return #vim.lsp.get_clients()") == 0)
    nvim.input("values)")
    nvim.wait(lambda: nvim.lines()[-1].endswith("len(values)"))
