"""Brackets and quotes that are closed already, in real Neovims with the plugin: they are there once."""

import importlib.util

import pytest

from editors.neovim.plugin_keys import AUTO_PAIR, MAP_TAB, STREAM, call, save, see, type_text

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("pynvim"), reason="pynvim is not installed (pip install -e '.[test]')"
)
METHOD = {"def is_closed(": ["self):\n        return True", 1]}
CLASS = "class Stream:\n    def is_closed"


@pytest.mark.editor_check("Neovim {program}", "closed brackets")
@pytest.mark.parametrize("pairs", [True, False], ids=["pairs", "by-hand"])
@pytest.mark.parametrize(
    ("typed", "closers", "text", "num_taken"),
    [
        ("def is_closed(", ")", "self):", 1),
        ("x = [f(", ")]", "1), 2]", 2),
        ("f(", ")", "g(1), (2))", 1),
        ('name = "', '"', 'sotto"', 1),
        ('print("', '")', 'a")', 2),
        ('d["', '"]', 'a"], d["b"]', 2),
        ("def f(", ")", "):", 1),
    ],
)
def test_closer_that_is_there_already_is_replaced(open_ghosts, tmp_path, typed, closers, text, num_taken, pairs):
    nvim = open_ghosts("" if pairs else typed[:-1] + closers, {typed: [text, num_taken]}, pairs=pairs)
    nvim.input("i")
    if pairs:
        type_text(nvim, typed)
    else:
        nvim.input("<Right>" * (len(typed) - 1) + typed[-1])
    see(nvim, text)
    assert nvim.lines() == [typed + closers], "nothing is in the buffer yet"
    assert nvim.row_with(typed) == typed + text
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines() == [typed + text])
    assert save(nvim, tmp_path) == f"{typed}{text}\n".encode()


@pytest.mark.editor_check("Neovim {program}", "closed brackets")
@pytest.mark.parametrize("pairs", [True, False], ids=["pairs", "by-hand"])
def test_closer_after_a_text_that_ends_before_it_is_kept(open_ghosts, pairs):
    nvim = open_ghosts("" if pairs else "print)", {"print(": ["x", 0]}, pairs=pairs)
    nvim.input("iprint(" if pairs else "5li(")
    see(nvim, "x")
    assert nvim.row_with("print(") == "print(x)"
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines() == ["print(x)"])


@pytest.mark.parametrize(
    ("before", "after", "text", "num_taken", "lines"),
    [
        ("print(", " )", "x)", 2, ["print(x)"]),
        ("print(", " ) + 1", "x)", 2, ["print(x) + 1"]),
        ("x = [", "]", "\n    1,\n]", 1, ["x = [", "    1,", "]"]),
        ("x = [", "];", "1,\n    2,\n]", 1, ["x = [1,", "    2,", "];"]),
    ],
)
def test_closer_after_blanks_or_in_a_later_line_is_replaced(open_ghosts, before, after, text, num_taken, lines):
    nvim = open_ghosts(before[:-1] + after, {before: [text, num_taken]})
    nvim.input("i" + "<Right>" * (len(before) - 1) + before[-1])
    nvim.wait(nvim.ghost)
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines() == lines)


def test_closer_of_an_auto_pair_joins_what_is_typed_along(open_ghosts):
    nvim = open_ghosts("", {"f(": ["a, g(1))", 1], "x = ": ["f(a, g(1))", 0]}, pairs=True)
    nvim.input("ix = ")
    see(nvim, "f(a, g(1))")
    nvim.input("f(")
    see(nvim, "a, g(1))")
    assert nvim.row_with("x = ") == "x = f(a, g(1))"
    nvim.input("<Tab>")
    nvim.wait(lambda: nvim.lines() == ["x = f(a, g(1))"])


@pytest.mark.editor_check("Neovim {program}", "closed brackets", "accepted by word", "accepted by line")
def test_closer_stays_while_words_before_it_are_accepted(open_ghosts):
    nvim = open_ghosts(CLASS, METHOD, pairs=True)
    nvim.input("GA(")
    see(nvim, METHOD["def is_closed("][0])
    call(nvim, "accept_word")
    nvim.wait(lambda: nvim.lines()[1] == "    def is_closed(self)")
    see(nvim, "):\n        return True")
    call(nvim, "accept_line")
    nvim.wait(lambda: nvim.lines()[1:] == ["    def is_closed(self):"])
    see(nvim, "\n        return True")
    call(nvim, "accept")
    nvim.wait(lambda: nvim.lines()[1:] == ["    def is_closed(self):", "        return True"])


def test_closer_that_something_else_writes_takes_the_ghost_off(open_ghosts):
    nvim = open_ghosts("", {"print(": ["x", 0]})
    nvim.input("iprint(")
    see(nvim, "x")
    nvim.lua("vim.api.nvim_buf_set_text(0, 0, 6, 0, 6, { ' + y' })")
    nvim.input("<Ignore>")
    assert not call(nvim, "accept")
    assert nvim.lines() == ["print( + y"]


@pytest.mark.editor_check("Neovim {program}", "closed brackets")
@pytest.mark.parametrize("pairs", [True, False], ids=["pairs", "alone"])
def test_closer_is_there_once_with_the_real_server(open_neovim, pairs):
    nvim = open_neovim(STREAM)
    nvim.lua(MAP_TAB)
    nvim.lua(AUTO_PAIR if pairs else "")
    nvim.input("GA(")
    ghost = nvim.wait(nvim.ghost)
    assert nvim.row_with("def is_closed(").startswith(f"    def is_closed({ghost}".split("\n")[0])
    nvim.input("<Tab>")
    nvim.wait(lambda: not nvim.lines()[4].endswith(("(", "()")))
    assert nvim.lines()[4] in ("    def is_closed(self):", "    def is_closed(self)")
