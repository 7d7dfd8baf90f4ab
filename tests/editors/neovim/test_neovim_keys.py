"""What Tab and accepting do in a real Neovim 0.12 without the plugin, as `docs/editors.md` sets it up.

The suggestions are written down.
"""

import importlib.util
import json
import sys

import pytest

from editors import scripted_ghosts
from editors.install import install_neovim
from editors.neovim.plugin_keys import AUTO_PAIR

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("pynvim"), reason="pynvim is not installed (pip install -e '.[test]')"
)


@pytest.fixture
def open_ghosts(find_program, tmp_path, sessions):
    from editors.sessions.nvim_session import NvimSession

    def start(text, ghosts, *, pairs=False):
        (tmp_path / "ghosts.json").write_text(json.dumps(ghosts))
        (tmp_path / "app.py").write_text(text)
        command = [sys.executable, scripted_ghosts.__file__, str(tmp_path / "ghosts.json")]
        sessions.append(
            NvimSession(find_program("Neovim 0.12", install_neovim), tmp_path / "app.py", argument=command)
        )
        sessions[-1].lua(AUTO_PAIR if pairs else "")
        return sessions[-1]

    return start


@pytest.mark.editor_check("Neovim 0.12 alone", "closed brackets")
@pytest.mark.parametrize("pairs", [True, False], ids=["pairs", "by-hand"])
@pytest.mark.parametrize("text", ["self):", "self):\n        return True", "):"])
def test_closer_that_is_there_already_is_replaced(open_ghosts, pairs, text):
    before = "    def is_closed"
    nvim = open_ghosts(before + ("" if pairs else ")"), {"def is_closed(": [text, 1]}, pairs=pairs)
    nvim.input("A(" if pairs else "$i(")
    nvim.wait(lambda: nvim.ghost() == text)
    first = f"{before}({text}".split("\n")[0]
    assert nvim.row_with(before) == first
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines() == f"{before}({text}".split("\n"))


@pytest.mark.editor_check("Neovim 0.12 alone", "closed brackets", "typed along")
def test_closer_is_there_once_after_typing_along(open_ghosts):
    nvim = open_ghosts("    def is_closed", {"def is_closed(": ["self):", 1]}, pairs=True)
    nvim.input("A(")
    nvim.wait(nvim.ghost)
    nvim.input("se<Tab>")
    nvim.wait(lambda: nvim.lines() == ["    def is_closed(self):"])


@pytest.mark.editor_check("Neovim 0.12 alone", "dos file and tabs")
@pytest.mark.parametrize(("line_end", "indent"), [("\r\n", "    "), ("\n", "\t"), ("\r\n", "\t")])
def test_line_ends_and_tabs_of_the_file_are_kept(open_ghosts, tmp_path, line_end, indent):
    nvim = open_ghosts(f"import os{line_end}", {"def f(": [f"x):\n{indent}return x", 0]})
    nvim.input("odef f(")
    nvim.wait(nvim.ghost)
    assert not nvim.row_with("^M")
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines() == ["import os", "def f(x):", f"{indent}return x"])
    nvim.input("<Esc>:w<CR>")
    nvim.wait(lambda: not nvim.lua("return vim.bo.modified"))
    saved = f"import os\ndef f(x):\n{indent}return x\n".replace("\n", line_end)
    assert (tmp_path / "app.py").read_bytes() == saved.encode()


@pytest.mark.editor_check("Neovim 0.12 alone", "indentation first")
def test_tab_on_a_line_that_is_not_far_enough_in_indents_it(open_ghosts):
    nvim = open_ghosts("def f(x):\n", {"": ["    return x", 0]})
    nvim.input("o")
    for line in ["    ", "    return x"]:
        nvim.wait(nvim.ghost)
        nvim.input("<Tab>")
        nvim.wait(lambda line=line: nvim.lines()[1] == line)


@pytest.mark.editor_check("Neovim 0.12 alone", "snippet jump")
def test_tab_in_a_snippet_jumps(open_ghosts):
    nvim = open_ghosts("", {"call(a": ["bc", 0]})
    nvim.input("i")
    nvim.lua("vim.snippet.expand('call($1, $2)$0')")
    nvim.input("a")
    nvim.wait(nvim.ghost)
    nvim.input("<Tab>b")
    nvim.wait(lambda: nvim.lines() == ["call(a, b)"])


@pytest.mark.editor_check("Neovim 0.12 alone", "beside a menu")
def test_tab_in_a_menu_selects_its_next_entry(open_ghosts):
    nvim = open_ghosts("word work\n", {"wo": ["nder", 0]})
    nvim.input("Gowo")
    nvim.wait(nvim.ghost)
    nvim.input("<C-x><C-n>")
    nvim.wait(lambda: nvim.lines()[-1] == "word")
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines()[-1] == "work")


def test_dot_repeats_accepted_text(open_ghosts):
    nvim = open_ghosts("a\nb", {"(": ["one,\n    two)", 0]})
    nvim.input("A(")
    nvim.wait(nvim.ghost)
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines() == ["a(one,", "    two)", "b"])
    nvim.input("<Esc>j.")
    nvim.wait(lambda: nvim.lines()[2:] == ["b(one,", "    two)"])
