"""The plugin editors/neovim in real Neovims, on their screens: 0.12 natively, 0.10 by extmarks.

Ghost text: shown, accepted, typed along, never stale. What a suggestion says is the model's business: the tests read
the ghost and compare it with the screen and the buffer.
"""

import importlib.util

import pytest

from editors import echo_server
from editors.neovim.plugin_keys import BEFORE, CODE, accept_with_tab, call, type_text

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("pynvim"), reason="pynvim is not installed (pip install -e '.[test]')"
)

# What is shown


@pytest.mark.editor_check("Neovim {program}", "line end", "accepted whole")
def test_ghost_text_at_a_lines_end_is_accepted_whole(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    ghost = nvim.wait(nvim.ghost)
    assert BEFORE + ghost.split("\n")[0] in nvim.row_with(BEFORE)
    assert nvim.lines()[-1] == BEFORE, "nothing is in the buffer yet"
    assert call(nvim, "is_visible")
    accept_with_tab(nvim)
    nvim.wait(lambda: "\n".join(nvim.lines()).endswith("\n" + BEFORE + ghost))


@pytest.mark.editor_check("Neovim {program}", "mid-line")
def test_ghost_text_in_mid_line_leaves_the_text_after_it(open_neovim):
    nvim = open_neovim("import os\n\n\ndef size(path):\n    return len(os.stat())\n")
    nvim.input("5G$hip")
    ghost = nvim.wait(nvim.ghost)
    assert f"len(os.stat(p{ghost}))" in nvim.row_with("os.stat(p")
    assert call(nvim, "accept")
    nvim.wait(lambda: nvim.lines()[4] == f"    return len(os.stat(p{ghost}))")


@pytest.mark.editor_check("Neovim {program}", "several lines")
def test_ghost_text_of_several_lines_leaves_the_cursor_after_it(open_neovim):
    text = "def parse(text):\n    try:\n        return int(text)\n    "
    nvim = open_neovim(text)
    nvim.input("GA")
    ghost = nvim.wait(lambda: nvim.ghost() if "\n" in nvim.ghost() else "")
    first, second = ghost.split("\n")[:2]
    rows = nvim.screen()
    at = next(number for number, row in enumerate(rows) if first in row)
    assert second.strip() in rows[at + 1]
    call(nvim, "accept")
    nvim.wait(lambda: "\n".join(nvim.lines()) == text + ghost)
    cursor = nvim.lua("return vim.api.nvim_win_get_cursor(0)")
    assert cursor == [len((text + ghost).split("\n")), len(ghost.split("\n")[-1].encode())]


def test_ghost_text_after_multibyte_letters_is_not_shifted(open_neovim):
    nvim = open_neovim(CODE.replace("total / len", '"é😀", total / len'))
    nvim.input("GA(")
    ghost = nvim.wait(nvim.ghost)
    call(nvim, "accept")
    nvim.wait(lambda: "\n".join(nvim.lines()).endswith('    return "é😀", total / len(' + ghost))


def test_tab_is_a_tab_where_there_is_no_ghost(open_neovim):
    nvim = open_neovim("", settings={"enabled": False})
    nvim.input("i")
    accept_with_tab(nvim)
    nvim.wait(lambda: nvim.lines() == ["\t"])


# Accepting in parts, typing along, taking back


@pytest.mark.parametrize("part", ["word", "line"])
def test_accept_part_leaves_the_rest_shown(open_neovim, part):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    ghost = nvim.wait(nvim.ghost)
    nvim.input(f"<Cmd>lua require('sotto').accept_{part}()<CR>")
    nvim.wait(lambda: "\n".join(nvim.lines()) != CODE + "(")
    accepted = "\n".join(nvim.lines()).removeprefix(CODE + "(")
    assert accepted and ghost.startswith(accepted)
    if part == "line":
        assert accepted == ghost.split("\n")[0]
    if rest := ghost.removeprefix(accepted):
        nvim.wait(lambda: nvim.ghost() == rest)


@pytest.mark.editor_check("Neovim {program}", "accepted by line")
def test_accept_line_takes_one_line_and_then_the_next(open_echo):
    nvim = open_echo("")
    nvim.input("iab")
    nvim.wait(lambda: nvim.ghost() == echo_server.first("ab"))
    call(nvim, "next")
    call(nvim, "accept_line")
    nvim.wait(lambda: nvim.lines() == ["ab(second,"])


@pytest.mark.editor_check("Neovim {program}", "accepted by word")
def test_accept_word_follows_keys_pressed_fast(open_echo):
    nvim = open_echo("")
    nvim.input("iab cd")
    nvim.wait(lambda: nvim.ghost() == "(ab cd)")
    nvim.lua("vim.keymap.set('i', '<C-l>', '<Plug>(sotto-accept-word)')")
    for line in ["ab cd(", "ab cd(ab", "ab cd(ab cd", "ab cd(ab cd)"]:
        assert nvim.ghost().startswith("ab cd(ab cd)"[len(nvim.lines()[0]) :])
        nvim.input("<C-l>")
        nvim.wait(lambda line=line: nvim.lines() == [line])


@pytest.mark.editor_check("Neovim {program}", "typed along")
def test_type_through_keeps_the_ghost_and_repeats_nothing(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    ghost = nvim.wait(nvim.ghost).split("\n")[0]
    for num_typed in range(1, min(4, len(ghost))):
        type_text(nvim, ghost[num_typed - 1])
        nvim.wait(lambda num_typed=num_typed: nvim.lines()[-1] == BEFORE + ghost[:num_typed])
        assert nvim.row_with(BEFORE).startswith(BEFORE + ghost)
    accept_with_tab(nvim)
    nvim.wait(lambda: nvim.row_with(BEFORE).startswith(BEFORE + ghost) and BEFORE + ghost in nvim.lines())


@pytest.mark.editor_check("Neovim {program}", "typed along")
def test_type_through_then_accept_inserts_the_rest_only(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    ghost = nvim.wait(nvim.ghost)
    type_text(nvim, ghost[0])
    accept_with_tab(nvim)
    nvim.wait(lambda: "\n".join(nvim.lines()).endswith(BEFORE + ghost))


@pytest.mark.editor_check("Neovim {program}", "nothing stale: undo")
def test_undo_removes_accepted_text_and_keeps_typed_text(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    nvim.wait(nvim.ghost)
    call(nvim, "accept")
    nvim.wait(lambda: nvim.lines()[-1] != BEFORE)
    nvim.input("<Esc>u")
    nvim.wait(lambda: "\n".join(nvim.lines()) == CODE + "(")
    assert nvim.ghost() == ""


@pytest.mark.editor_check("Neovim {program}", "next candidate")
def test_next_candidate_is_shown_and_accepted(open_echo):
    nvim = open_echo("")
    nvim.input("iab")
    nvim.wait(lambda: nvim.ghost() == echo_server.first("ab"))
    assert call(nvim, "next")
    assert nvim.ghost().startswith(echo_server.second("ab"))
    call(nvim, "accept")
    nvim.wait(lambda: nvim.lines() == ["ab(second,", "    ab)"])


def test_dismissed_ghost_comes_back_with_the_next_key_only(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    ghost = nvim.wait(nvim.ghost)
    nvim.input("<Cmd>lua require('sotto').dismiss()<CR>")
    nvim.wait(lambda: not nvim.ghost())
    assert nvim.stays(lambda: not nvim.ghost())
    assert not call(nvim, "accept")
    type_text(nvim, ghost[0])
    nvim.wait(nvim.ghost)


# Nothing stale


@pytest.mark.editor_check(
    "Neovim {program}", "nothing stale: fast typing", "nothing stale: deletion", "nothing stale: undo"
)
@pytest.mark.parametrize("keys", ["xyz", "<BS>", "<C-w>", "<C-o>u", "<Left>", "<Home>", "<CR>", "x<BS>y"])
def test_stale_ghost_of_another_place_is_never_shown(open_echo, keys):
    from editors.sessions.nvim_session import GHOST

    nvim = open_echo("", delay_ms=150)
    nvim.input("iab cd")
    nvim.wait(lambda: nvim.ghost() == "(ab cd)")
    nvim.input(keys)
    nvim.lua("return 0")  # the keys are handled by now

    def is_right():
        before, ghost = nvim.lua(
            "return { vim.api.nvim_get_current_line():sub(1, vim.fn.col('.') - 1), loadstring(...)() }", GHOST
        )
        return ghost in ("", echo_server.first(before))

    assert nvim.stays(is_right, 1.0), nvim.screen()


@pytest.mark.editor_check("Neovim {program}", "nothing stale: fast typing")
def test_stale_answers_are_not_shown_while_typing_goes_on(open_echo):
    nvim = open_echo("", delay_ms=400)
    nvim.input("i")
    for number, key in enumerate("abcdefghij"):
        nvim.input(key)
        typed = "abcdefghij"[: number + 1]
        assert nvim.stays(lambda typed=typed: nvim.ghost() in ("", echo_server.first(typed)), 0.25)
    nvim.wait(lambda: nvim.ghost() == echo_server.first("abcdefghij"))


def test_cancel_by_the_next_key_ends_the_request(open_echo):
    nvim = open_echo("", delay_ms=500)
    if nvim.lua("return require('sotto').backend()") == "native":
        pytest.skip("Neovim 0.12 cancels on leaving insert mode only; the server answers the older request at once")
    nvim.lua(
        "_G.seen = {}; vim.api.nvim_create_autocmd('LspRequest', { callback = function(event)"
        " table.insert(seen, event.data.request.type) end })"
    )
    nvim.input("ia")
    nvim.wait(lambda: nvim.lua("return seen") == ["pending"])
    nvim.input("b")
    nvim.wait(lambda: nvim.lua("return seen")[:2] == ["pending", "cancel"])
    nvim.wait(lambda: nvim.ghost() == echo_server.first("ab"))


@pytest.mark.editor_check("Neovim {program}", "nothing stale: insert mode left")
def test_insert_mode_left_removes_the_ghost_for_good(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    nvim.wait(nvim.ghost)
    nvim.input("x<Esc>")
    nvim.wait(lambda: nvim.ghost() == "")
    assert nvim.stays(lambda: nvim.ghost() == "")
    assert nvim.row_with(BEFORE) == BEFORE + "x"


def test_completion_menu_hides_the_ghost(open_echo):
    nvim = open_echo("word work\n")
    nvim.input("Gowo")
    nvim.wait(nvim.ghost)
    nvim.input("<C-x><C-n>")
    nvim.wait(lambda: nvim.lua("return vim.fn.pumvisible()") == 1 and not nvim.ghost())
    assert nvim.stays(lambda: not nvim.ghost())
    nvim.input("<C-e>r")
    nvim.wait(lambda: nvim.ghost() == echo_server.first(nvim.lines()[-1]))


@pytest.mark.parametrize(("module", "asked"), [("cmp", "visible"), ("blink.cmp", "is_menu_visible")])
def test_completion_plugins_menu_hides_the_ghost(open_echo, module, asked):
    nvim = open_echo("")
    nvim.lua(
        "local module, asked = ...; _G.is_open = true;"
        "package.loaded[module] = { [asked] = function() return is_open end }",
        module,
        asked,
    )
    nvim.input("iab")
    assert nvim.stays(lambda: not nvim.ghost())
    nvim.lua("_G.is_open = false")
    nvim.input("c")
    nvim.wait(lambda: nvim.ghost() == echo_server.first("abc"))
