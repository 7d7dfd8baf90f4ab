"""What accepting does to a file in real Neovims: line ends, indentation, snippets, menus, `.` and `u`.

With the plugin; the suggestions are written down.
"""

import importlib.util

import pytest

from editors.neovim.plugin_keys import MAP_TAB, STREAM, call, messages, save, see

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("pynvim"), reason="pynvim is not installed (pip install -e '.[test]')"
)

# Line ends and indentation


@pytest.mark.editor_check("Neovim {program}", "dos file and tabs", "several lines")
@pytest.mark.parametrize(("line_end", "indent"), [("\r\n", "    "), ("\n", "\t")])
def test_line_ends_and_tabs_are_kept_with_the_real_server(open_neovim, tmp_path, line_end, indent):
    text = f"{STREAM}(self)".replace("    ", indent).replace("\n", line_end)
    nvim = open_neovim(text)
    nvim.lua(MAP_TAB)
    nvim.wait(lambda: call(nvim, "status") == "ready")
    nvim.input("GA:")
    ghost = nvim.wait(lambda: nvim.ghost() if "\n" in nvim.ghost() else "")
    assert ghost.startswith(f"\n{indent * 2}return ") and not nvim.row_with("^M")
    nvim.input("<Tab>")
    nvim.wait(lambda: not nvim.ghost())
    assert save(nvim, tmp_path) == (text + f":{ghost}\n".replace("\n", line_end)).encode()


@pytest.mark.editor_check("Neovim {program}", "dos file and tabs")
@pytest.mark.parametrize("answered", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_line_ends_of_the_file_are_kept(open_ghosts, tmp_path, line_end, answered):
    body = "x):\n    return x"
    nvim = open_ghosts(f"import os{line_end}", {"def f(": [body.replace("\n", answered), 0]})
    nvim.input("odef f(")
    see(nvim, body)
    assert not nvim.row_with("^M")
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines() == ["import os", "def f(x):", "    return x"])
    assert save(nvim, tmp_path) == f"import os\ndef f({body}\n".replace("\n", line_end).encode()


@pytest.mark.editor_check("Neovim {program}", "dos file and tabs")
def test_tabs_of_the_file_are_kept(open_ghosts, tmp_path):
    nvim = open_ghosts(
        "class Stream:\n\tdef is_closed", {"def is_closed(": ["self):\n\t\treturn True", 1]}, pairs=True
    )
    nvim.input("GA(")
    see(nvim, "self):\n\t\treturn True")
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines()[1:] == ["\tdef is_closed(self):", "\t\treturn True"])
    assert save(nvim, tmp_path) == b"class Stream:\n\tdef is_closed(self):\n\t\treturn True\n"


@pytest.mark.editor_check("Neovim {program}", "indentation first")
@pytest.mark.parametrize("blanks", ["    ", "\t", "        "])
def test_tab_on_a_line_that_is_not_far_enough_in_indents_it(open_ghosts, blanks):
    nvim = open_ghosts("def f(x):\n", {"": [blanks + "return x", 0]})
    nvim.input("o")
    see(nvim, blanks + "return x")
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines()[1] == blanks)
    see(nvim, "return x")
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines()[1] == blanks + "return x")


def test_tab_after_other_text_accepts_blanks_and_all(open_ghosts):
    nvim = open_ghosts("", {"x =": [" 1", 0]})
    nvim.input("ix =")
    see(nvim, " 1")
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines() == ["x = 1"])


# Snippets, menus, `.` and `u`


@pytest.mark.editor_check("Neovim {program}", "snippet jump")
def test_tab_in_a_snippet_jumps(open_ghosts):
    nvim = open_ghosts("", {"call(a": ["bc", 0]})
    nvim.input("i")
    nvim.lua("vim.snippet.expand('call($1, $2)$0')")
    nvim.input("a")
    see(nvim, "bc")
    nvim.input("<Tab>b")
    nvim.wait(lambda: nvim.lines() == ["call(a, b)"])


@pytest.mark.editor_check("Neovim {program}", "snippet jump")
def test_tab_over_a_selected_placeholder_jumps(open_ghosts):
    nvim = open_ghosts("", {"no": ["thing", 0]})
    nvim.input("i")
    nvim.lua("vim.snippet.expand('call(${1:first}, ${2:second})$0')")
    for first_of_it in (5, 12):  # Neovim selects by keys of its own
        nvim.wait(lambda at=first_of_it: nvim.lua("return { vim.fn.mode(), vim.fn.col('.') - 1 }") == ["s", at])
        nvim.input("<Tab>" if first_of_it == 5 else "b")
    nvim.wait(lambda: nvim.lines() == ["call(first, b)"])


@pytest.mark.editor_check("Neovim {program}", "beside a menu")
def test_tab_in_a_menu_selects_its_next_entry(open_ghosts):
    nvim = open_ghosts("word work\n", {"wo": ["nder", 0]})
    nvim.input("Gowo")
    see(nvim, "nder")
    nvim.input("<C-x><C-n>")
    nvim.wait(lambda: nvim.lines()[-1] == "word")
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines()[-1] == "work")


@pytest.mark.parametrize("pairs", [True, False], ids=["pairs", "alone"])
def test_dot_repeats_accepted_text_and_undo_takes_it_alone(open_ghosts, pairs):
    nvim = open_ghosts("a\nb", {"(": ["one):", int(pairs)]}, pairs=pairs)
    nvim.input("A(")
    see(nvim, "one):")
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines() == ["a(one):", "b"])
    nvim.input(" c<Esc>j.")
    nvim.wait(lambda: nvim.lines() == ["a(one): c", "b(one): c"])
    nvim.input("u")
    nvim.wait(lambda: nvim.lines() == ["a(one): c", "b"])
    nvim.input("u")
    nvim.wait(lambda: nvim.lines() == ["a(", "b"] if not pairs else ["a()", "b"])


def test_dot_repeats_accepted_words(open_ghosts):
    nvim = open_ghosts("a\nb", {"(": ["one, two)", 0]})
    nvim.input("A(")
    see(nvim, "one, two)")
    call(nvim, "accept_word")
    see(nvim, ", two)")
    call(nvim, "accept")
    nvim.wait(lambda: nvim.lines() == ["a(one, two)", "b"])
    nvim.input("<Esc>j.")
    nvim.wait(lambda: nvim.lines() == ["a(one, two)", "b(one, two)"])


# The reasons


def test_explain_shows_how_the_last_answers_came_about(open_ghosts):
    nvim = open_ghosts("x", {})
    nvim.input(":SottoExplain<CR>")
    nvim.wait(lambda: nvim.row_with("app.py:4:8"))
    shown = "\n".join(nvim.lines())
    for part in [
        "self):",
        "closers: The editor has closed the bracket.",
        "from model",
        "210 tokens, 180 cached",
        "0.75",
    ]:
        assert part in shown, shown
    nvim.input("q")
    nvim.wait(lambda: nvim.lines() == ["x"])
    assert "Error" not in messages(nvim)
