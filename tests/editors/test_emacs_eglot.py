"""Completion and code actions in a real Emacs with its own eglot, on its screen, set up as editors/README.md says."""

import pytest

from editors.terminal_session import ENTER

CODE = "def mean(values):\n    total = sum(values)\n    return total / len\n"
COMPLETE, SAVE = "\x1b\t", ("\x18", "\x13")


@pytest.fixture
def open_emacs(emacs, tmp_path, sessions):
    from editors.emacs_session import EmacsSession, with_eglot

    def start(text):
        (tmp_path / "app.py").write_text(text)
        sessions.append(EmacsSession(emacs, tmp_path / "app.py", with_eglot()))
        sessions[-1].wait(lambda: sessions[-1].row_with("Connected!"), 120)
        return sessions[-1]

    return start


@pytest.mark.editor_check("Emacs, eglot", "line end", "accepted whole")
def test_the_suggestion_comes_with_completion_at_point(open_emacs):
    emacs = open_emacs(CODE)
    emacs.input("\x1b>", "\x02", "(v")

    def asked():
        emacs.input(COMPLETE, pause=1.0)
        return not emacs.row_with("total / len").endswith("(v")

    emacs.wait(asked)
    emacs.input(*SAVE)
    emacs.wait(lambda: emacs.row_with("Wrote"))
    assert emacs.file.read_text().startswith(CODE.rstrip("\n") + "(values")


@pytest.mark.editor_check("Emacs, eglot", "code action")
def test_a_code_action_is_chosen_and_its_edit_is_on_the_screen(open_emacs):
    emacs = open_emacs("def total(values)\n    return sum(values)\n")

    def offered():  # there is none until the model is loaded
        emacs.run("eglot-code-actions")
        return emacs.row_with("Pick an action (default Fix syntax error here)")

    emacs.wait(offered)
    emacs.input(ENTER)
    emacs.wait(lambda: emacs.row_with("def total(values):"))
