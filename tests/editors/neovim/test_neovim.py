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
def test_ghost_text_at_the_end_of_a_line_is_on_the_screen_and_accepted_with_tab(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    ghost = nvim.wait(nvim.ghost)
    assert ghost.startswith("values")
    assert nvim.row_with("return total / len(").endswith("len(" + ghost)
    assert nvim.lines()[-1] == "    return total / len(", "nothing is in the buffer yet"
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines()[-1] == "    return total / len(" + ghost)


@pytest.mark.editor_check("Neovim 0.12 alone", "mid-line")
def test_ghost_text_in_the_middle_of_a_line_leaves_what_follows(open_neovim):
    nvim = open_neovim("import os\n\n\ndef size(path):\n    return os.stat().st_size\n")
    nvim.input("5G0f)ip")
    ghost = nvim.wait(nvim.ghost)
    assert f"os.stat(p{ghost}).st_size" in nvim.row_with("os.stat(p")
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines()[4] == f"    return os.stat(p{ghost}).st_size")


@pytest.mark.editor_check("Neovim 0.12 alone", "several lines")
def test_ghost_text_over_several_lines_is_shown_below_and_accepted_whole(open_neovim):
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
def test_typing_something_else_replaces_the_ghost_and_leaving_insert_mode_removes_it(open_neovim):
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
def test_what_was_typed_along_a_ghost_is_not_there_twice_when_it_is_accepted_at_once(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    ghost = nvim.wait(nvim.ghost)
    nvim.input(ghost[:3] + "<Tab>")
    nvim.wait(lambda: nvim.lines()[-1] == "    return total / len(" + ghost)


def test_a_ghost_that_no_longer_fits_is_not_inserted(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    nvim.wait(nvim.ghost)
    nvim.input("42<Tab>")
    nvim.input("!")
    nvim.wait(lambda: "!" in nvim.lines()[-1])
    assert nvim.lines()[-1] == "    return total / len(42!"


def test_the_server_may_die_and_neovim_goes_on(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    nvim.wait(nvim.ghost)
    servers = nvim.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")
    assert len(servers) == 1
    os.kill(servers[0], signal.SIGKILL)
    nvim.wait(lambda: nvim.lua("return #vim.lsp.get_clients()") == 0)
    nvim.input("values)")
    nvim.wait(lambda: nvim.lines()[-1].endswith("len(values)"))
