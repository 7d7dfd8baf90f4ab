"""Completion and code actions in a real Emacs with its own eglot, on its screen, set up as editors/README.md says."""

import os
import signal

import pytest

from editors.sessions.terminal_session import ENTER

CODE = "def mean(values):\n    total = sum(values)\n    return total / len\n"
STAT = "import os\n\n\ndef size(path):\n    return os.stat()\n"
COMPLETE, SAVE = "\x1b\t", ("\x18", "\x13")


@pytest.fixture
def open_emacs(emacs, tmp_path, sessions):
    from editors.sessions.emacs_session import EmacsSession, with_eglot

    def start(text):
        (tmp_path / "app.py").write_text(text)
        sessions.append(EmacsSession(emacs, tmp_path / "app.py", with_eglot()))
        sessions[-1].wait(lambda: sessions[-1].row_with("Connected!"), 120)
        return sessions[-1]

    return start


def complete(emacs):
    """Ask until something was inserted: there is nothing until the model is loaded."""
    before = emacs.screen()[1:7]  # below the menu

    def asked():
        emacs.input(COMPLETE)
        return not emacs.stays(lambda: emacs.screen()[1:7] == before, 2)

    emacs.wait(asked, 60)


def holds(emacs, text):
    """Whether the buffer comes to be this text, as it is written to the disk; AssertionError if it does not."""
    emacs.input(*SAVE)
    return emacs.wait(lambda: emacs.file.read_text() == text)


@pytest.mark.editor_check("Emacs, eglot", "line end", "accepted whole")
def test_completion_at_point_brings_the_suggestion(open_emacs):
    emacs = open_emacs(CODE)
    emacs.input("\x1b>", "\x02", "(v")
    complete(emacs)
    assert holds(emacs, CODE.replace("len", "len(values)"))


@pytest.mark.editor_check("Emacs, eglot", "mid-line")
def test_suggestion_in_mid_line_leaves_the_text_after_it(open_emacs):
    emacs = open_emacs(STAT)
    emacs.input("\x1b>", *["\x02"] * len(")\n"), "p")
    complete(emacs)
    assert holds(emacs, STAT.replace("()", "(path)"))


@pytest.mark.editor_check("Emacs, eglot", "several lines")
def test_suggestion_of_several_lines_is_inserted_as_it_is(open_emacs):
    text = "def parse(text):\n    try:\n        return int(text)\n    "
    emacs = open_emacs(text + "\n")
    emacs.input("\x1b>", "\x02")
    complete(emacs)
    assert holds(emacs, text + "except ValueError:\n        return 0\n")


@pytest.mark.editor_check("Emacs, eglot", "nothing stale: undo")
def test_undo_removes_a_suggestion(open_emacs):
    emacs = open_emacs(CODE)
    emacs.input("\x1b>", "\x02", "(v")
    complete(emacs)
    emacs.input("\x1f")
    assert holds(emacs, CODE.replace("len", "len(v"))


@pytest.mark.editor_check("Emacs, eglot", "server killed and back")
def test_killed_server_is_started_again(open_emacs):
    emacs = open_emacs(CODE)
    (server,) = emacs.children("sotto_lsp")
    assert emacs.stays(lambda: emacs.children("sotto_lsp"), 4), "eglot gives up one that ends in its first 3 seconds"
    os.kill(server, signal.SIGKILL)
    emacs.wait(lambda: emacs.children("sotto_lsp") not in ([], [server]))
    emacs.wait(lambda: emacs.row_with("onnected!"))  # "Reconnected!" follows "Connected!"
    emacs.input("\x1b>", "\x02", "(v")
    complete(emacs)
    assert holds(emacs, CODE.replace("len", "len(values)"))


@pytest.mark.editor_check("Emacs, eglot", "off and on")
def test_eglot_shutdown_and_eglot_switch_it_off_and_on(open_emacs):
    emacs = open_emacs(CODE)
    emacs.input("\x1b>", "\x02", "(v")
    emacs.run("eglot-shutdown")
    emacs.wait(lambda: not emacs.children("sotto_lsp"))
    emacs.run("eglot")
    emacs.wait(lambda: emacs.row_with("Connected!"))
    complete(emacs)
    assert holds(emacs, CODE.replace("len", "len(values)"))


@pytest.mark.editor_check("Emacs, eglot", "code action")
def test_code_action_shows_its_edit(open_emacs):
    emacs = open_emacs("def total(values)\n    return sum(values)\n")

    def offered():  # there is none until the model is loaded
        emacs.run("eglot-code-actions")
        return emacs.row_with("Pick an action (default Fix syntax error here)")

    emacs.wait(offered)
    emacs.input(ENTER)
    emacs.wait(lambda: emacs.row_with("def total(values):"))
