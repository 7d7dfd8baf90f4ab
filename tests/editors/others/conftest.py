"""Emacs and Helix with a server whose suggestions are written down."""

import json
import sys

import pytest

from editors import scripted_ghosts


@pytest.fixture
def open_ghosts(emacs, tmp_path, sessions):
    """An Emacs with `editors/emacs/sotto.el` and these suggestions; `text` is on the disk as it stands here."""
    from editors.sessions.emacs_session import EmacsSession, with_lsp_mode

    def start(text, ghosts, lisp=""):
        set_up = with_lsp_mode(write_ghosts(tmp_path, ghosts)) + lisp
        (tmp_path / "app.py").write_bytes(text.encode())
        sessions.append(EmacsSession(emacs, tmp_path / "app.py", set_up))
        sessions[-1].wait_ready()
        return sessions[-1]

    return start


@pytest.fixture
def open_entries(helix, tmp_path, sessions):
    """A Helix whose menu has these suggestions; `text` is on the disk as it stands here."""
    from editors.sessions.helix_session import HelixSession

    def start(text, ghosts):
        (tmp_path / "app.py").write_bytes(text.encode())
        sessions.append(HelixSession(helix, tmp_path / "app.py", [*write_ghosts(tmp_path, ghosts), "list"]))
        sessions[-1].wait_ready()
        return sessions[-1]

    return start


def write_ghosts(folder, ghosts):
    """The command line of a server with these suggestions: text before the cursor -> [text, how much it replaces]."""
    (folder / "ghosts.json").write_text(json.dumps(ghosts))
    return [sys.executable, scripted_ghosts.__file__, str(folder / "ghosts.json")]
