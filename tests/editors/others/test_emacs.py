"""Ghost text and code actions in a real Emacs with lsp-mode 10, on its screen, with editors/emacs/sotto.el."""

import os
import signal
import sys

import pytest

from editors import echo_server
from editors.sessions.terminal_session import BACKSPACE, TAB

CODE = "def mean(values):\n    total = sum(values)\n    return total / len\n"
BEFORE = "    return total / len("
END_OF_TEXT, END_OF_LINE, BACK, NEXT, QUIT, UNDO = "\x1b>", "\x05", "\x02", "\x0e", "\x07", "\x1f"


@pytest.fixture
def open_emacs(emacs, tmp_path, sessions):
    from editors.sessions.emacs_session import SERVER, EmacsSession, with_lsp_mode

    def start(text, server=SERVER):
        (tmp_path / "app.py").write_text(text)
        sessions.append(EmacsSession(emacs, tmp_path / "app.py", with_lsp_mode(server)))
        sessions[-1].wait_ready()
        sessions[-1].input(END_OF_TEXT, BACK)
        return sessions[-1]

    return start


@pytest.fixture
def open_echo(open_emacs):
    """An Emacs whose server suggests, after a delay, the text it was asked about."""
    return lambda text: open_emacs(text, [sys.executable, echo_server.__file__, "150"])


@pytest.mark.editor_check("Emacs, lsp-mode", "line end", "accepted whole")
def test_ghost_text_at_a_lines_end_is_accepted_with_tab(open_emacs):
    emacs = open_emacs(CODE)
    emacs.input("(")
    ghost = emacs.wait(emacs.ghost)
    assert emacs.row_with(BEFORE) == BEFORE + ghost
    emacs.input(TAB)
    emacs.wait(lambda: not emacs.ghost())
    assert emacs.text() == CODE.replace("len", "len(" + ghost)


@pytest.mark.editor_check("Emacs, lsp-mode", "mid-line")
def test_ghost_text_in_mid_line_leaves_the_text_after_it(open_emacs):
    emacs = open_emacs("import os\n\n\ndef size(path):\n    return os.stat()\n")
    emacs.input(BACK, "p")
    ghost = emacs.wait(emacs.ghost)
    line = f"    return os.stat(p{ghost}" + ("" if ")" in ghost else ")")
    assert emacs.row_with("os.stat(p") == line
    emacs.input(TAB)
    emacs.wait(lambda: not emacs.ghost())
    assert emacs.text().endswith(f"{line}\n")


@pytest.mark.editor_check("Emacs, lsp-mode", "several lines")
def test_ghost_text_of_several_lines_is_accepted_whole(open_emacs):
    text = "def parse(text):\n    try:\n        return int(text)\n"
    emacs = open_emacs(text + "   \n")
    emacs.input(" ")
    ghost = emacs.wait(lambda: emacs.ghost() if "\n" in emacs.ghost() else "")
    emacs.input(TAB)
    emacs.wait(lambda: not emacs.ghost())
    assert [line.strip() for line in emacs.text().removeprefix(text).rstrip().split("\n")] == [
        line.strip() for line in ghost.split("\n")
    ]


@pytest.mark.editor_check("Emacs, lsp-mode", "typed along")
def test_type_through_shows_the_rest_and_repeats_nothing(open_emacs):
    emacs = open_emacs(CODE)
    emacs.input("(")
    ghost = emacs.wait(emacs.ghost)
    emacs.input(ghost[0])
    emacs.wait(lambda: emacs.ghost() == ghost[1:])
    emacs.input(TAB)
    emacs.wait(lambda: not emacs.ghost())
    assert emacs.text() == CODE.replace("len", "len(" + ghost)


@pytest.mark.editor_check("Emacs, lsp-mode", "next candidate")
def test_next_candidate_is_shown_and_accepted(open_echo):
    emacs = open_echo("\n")
    emacs.input("ab")
    emacs.wait(lambda: emacs.ghost() == echo_server.first("ab"))
    emacs.input(NEXT)
    emacs.wait(lambda: emacs.ghost().split("\n")[0] == echo_server.second("ab").split("\n")[0])
    emacs.input(TAB)
    emacs.wait(lambda: not emacs.ghost())
    assert emacs.text().strip() == "ab" + echo_server.second("ab")


@pytest.mark.editor_check(
    "Emacs, lsp-mode",
    "nothing stale: fast typing",
    "nothing stale: deletion",
    "nothing stale: undo",
    "nothing stale: insert mode left",
)
@pytest.mark.parametrize("keys", ["xyz", BACKSPACE, UNDO, BACK, QUIT, "x" + BACKSPACE + "y"])
def test_stale_ghost_of_another_place_is_never_shown(open_echo, keys):
    emacs = open_echo("\n")
    emacs.input("abc")
    emacs.wait(lambda: emacs.ghost() == echo_server.first("abc"))
    emacs.input(keys)

    def is_right():
        ghost = emacs.ghost()
        line = emacs.screen()[1].removesuffix(ghost)  # below the menu
        return ghost in ("", echo_server.first(line))

    emacs.wait(is_right)
    assert emacs.stays(is_right, 1.5), emacs.screen()
    assert keys not in (BACK, QUIT) or not emacs.ghost()


@pytest.mark.editor_check("Emacs, lsp-mode", "code action")
def test_code_action_shows_its_edit(open_emacs):
    emacs = open_emacs("def total(values)\n    return sum(values)\n")
    emacs.input("\x1b<")

    def is_repaired():  # nothing is offered until the model is loaded
        emacs.run("lsp-execute-code-action")
        return not emacs.stays(lambda: not emacs.row_with("def total(values):"), 3)

    emacs.wait(is_repaired, 60)
    assert emacs.text() == "def total(values):\n    return sum(values)\n"


@pytest.mark.editor_check("Emacs, lsp-mode", "off and on")
def test_mode_switches_ghost_text_off_and_on(open_emacs):
    emacs = open_emacs(CODE)
    emacs.run("lsp-inline-completion-mode")
    emacs.input("(")
    assert emacs.stays(lambda: not emacs.ghost(), 1.5)
    emacs.run("lsp-inline-completion-mode")
    emacs.input(BACKSPACE, "(")
    emacs.wait(emacs.ghost)


@pytest.mark.editor_check("Emacs, lsp-mode", "server killed and back")
def test_killed_server_is_started_again_where_emacs_may(open_emacs):
    emacs = open_emacs(CODE)
    emacs.input("(")
    emacs.wait(emacs.ghost)
    (server,) = emacs.children("sotto_lsp")
    os.kill(server, signal.SIGKILL)
    emacs.wait(lambda: emacs.row_with("exited"))
    emacs.input("y")
    emacs.wait(lambda: emacs.children("sotto_lsp") not in ([], [server]))
    emacs.wait_ready()
    emacs.input(BACKSPACE, "(")
    emacs.wait(emacs.ghost)
