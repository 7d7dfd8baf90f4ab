"""The plugin editors/neovim in real Neovims: on, off, when things break, its commands, its health and its help."""

import importlib.util
import os
import shutil
import signal
from pathlib import Path

import pytest

from editors.neovim.plugin_keys import BEFORE, CODE, call, messages

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("pynvim"), reason="pynvim is not installed (pip install -e '.[test]')"
)


@pytest.mark.editor_check("Neovim {program}", "off and on")
def test_toggle_and_commands_switch_ghost_text_off_and_on(open_neovim):
    nvim = open_neovim(CODE)
    for off, on in [("toggle", "toggle"), ("disable", "enable"), ("snooze 10", "toggle")]:
        nvim.input(f"GA(<Cmd>Sotto {off}<CR>")
        nvim.wait(lambda: not nvim.ghost())
        assert call(nvim, "status") == ("paused" if "snooze" in off else "off")
        assert nvim.stays(lambda: not nvim.ghost())
        nvim.input(f"<Cmd>Sotto {on}<CR><Esc>u")
        nvim.wait(lambda: call(nvim, "status") == "ready")
        nvim.input("GA(")
        nvim.wait(nvim.ghost)
        nvim.input("<Esc>u")


def test_snooze_ends_and_ghost_text_comes_back(open_neovim):
    nvim = open_neovim(CODE)
    nvim.wait(lambda: call(nvim, "status") == "ready")
    call(nvim, "snooze", 0.01)
    assert call(nvim, "status") == "paused"
    nvim.wait(lambda: call(nvim, "status") == "ready")
    nvim.input("GA(")
    nvim.wait(nvim.ghost)


@pytest.mark.editor_check("Neovim {program}", "server killed and back")
def test_killed_server_is_reported_and_back_after_a_restart(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    nvim.wait(nvim.ghost)
    (server,) = nvim.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")
    os.kill(server, signal.SIGKILL)
    nvim.wait(lambda: call(nvim, "status") == "error")
    nvim.wait(lambda: not nvim.ghost())
    nvim.input("x<BS><Esc>")
    nvim.wait(lambda: nvim.lines()[-1] == BEFORE)
    for _ in range(2):  # once from the dead, once while it runs
        nvim.input("<Esc>:Sotto restart<CR>")
        nvim.wait(lambda: call(nvim, "status") == "loading")
        nvim.wait(lambda: call(nvim, "status") == "ready")
        nvim.wait_served()
        nvim.input("GA<BS>(")
        nvim.wait(nvim.ghost)
    assert len(nvim.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")) == 1


def test_missing_program_is_reported_once(open_neovim, tmp_path):
    nvim = open_neovim(CODE, is_served=False, cmd=["no-such-sotto", "serve"])
    nvim.lua("vim.cmd.edit(...)", str(tmp_path / "other.py"))
    nvim.wait(lambda: "no-such-sotto" in messages(nvim))
    assert messages(nvim).count("no-such-sotto") == 1
    assert nvim.lua("return { require('sotto').status() }")[0] == "error"
    nvim.input("ix")
    nvim.wait(lambda: nvim.lines() == ["x"])


@pytest.mark.parametrize("options", [{"cmdd": []}, {"filetypes": "python"}])
def test_wrong_option_is_named(open_neovim, options):
    nvim = open_neovim("")
    message = nvim.lua("return select(2, pcall(require('sotto').setup, ...))", options)
    assert "sotto.setup" in message and next(iter(options)) in message


def test_command_completes_its_subcommands_and_shows_metrics(open_neovim):
    nvim = open_neovim(CODE)
    nvim.input("GA(")
    nvim.wait(nvim.ghost)
    nvim.input("<Esc>:Sotto metrics<CR>")
    nvim.wait(lambda: nvim.row_with("completions"))
    names = nvim.lua("return vim.fn.getcompletion('Sotto ', 'cmdline')")
    actions = "cancel disable enable explain log metrics models restart snooze status toggle"
    assert names == actions.split()
    assert nvim.lua("return vim.fn.getcompletion('Sotto sn', 'cmdline')") == ["snooze"]
    nvim.lua("vim.cmd('Sotto status')")
    assert "Sotto: ready" in messages(nvim)
    nvim.lua("vim.cmd('Sotto log')")
    assert nvim.lua("return vim.fn.expand('%:t')") == "lsp.log"


def test_settings_reach_the_server_which_names_wrong_ones(open_neovim):
    nvim = open_neovim(CODE, settings={"maxTokns": 3})
    nvim.wait(lambda: "maxTokns" in messages(nvim))


def test_version_of_another_series_is_reported(open_neovim):
    nvim = open_neovim(CODE)
    nvim.wait(lambda: call(nvim, "status") == "ready")
    assert "needs sotto" not in messages(nvim)
    nvim.lua("require('sotto.server').NEEDS_SERVER = '9.9'")
    nvim.input(":Sotto restart<CR>")
    nvim.wait(lambda: "needs sotto 9.9" in messages(nvim))
    nvim.wait(lambda: call(nvim, "status") == "ready")


def test_checkhealth_and_help_exist(open_neovim):
    nvim = open_neovim(CODE)
    nvim.wait(lambda: call(nvim, "status") == "ready")
    nvim.lua("vim.cmd('checkhealth sotto')")
    report = "\n".join(nvim.lines())
    assert "ERROR" not in report, report
    for part in ["Neovim 0.", "ghost text by", "sotto 0.", "sotto doctor", "the server runs", "<Tab>"]:
        assert part in report, report


def test_help_opens_and_has_no_tag_twice(open_neovim, tmp_path):
    nvim = open_neovim("")
    shutil.copytree(Path(__file__).parents[3] / "editors/neovim/doc", tmp_path / "doc")
    nvim.lua("local root = ...; vim.opt.runtimepath:append(root); vim.cmd.helptags(root .. '/doc')", str(tmp_path))
    for tag in ["sotto", "sotto-install", "sotto-setup", "sotto-mappings", "sotto-Tab", ":Sotto", ":SottoExplain"]:
        nvim.lua("vim.cmd.help(...)", tag)
        assert nvim.lua("return vim.fn.expand('%:t')") == "sotto.txt"
