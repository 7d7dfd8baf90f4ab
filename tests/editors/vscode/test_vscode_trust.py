"""A real VS Code in a workspace that the user does not trust: nothing of it is run, under any settings."""

import pytest

from editors.instruct_examples import CODE, SHORT, SHORTER, write_scripted_program
from editors.vscode.vscode_session import choose_action, started, wait_ready

SAYS = 'document.body.textContent.includes("{}")'


@pytest.fixture(scope="module")
def window(request, tmp_path_factory):
    program = write_scripted_program(tmp_path_factory.mktemp("bin"), SHORT, SHORT)
    own = {"sotto.server.path": str(program), "sotto.actionCheckers": ["ruff"]}
    with started(request, tmp_path_factory, own) as window:
        window.load()
        wait_ready(window)
        yield window


def simplify(window):
    window.open_text(CODE, 3, 1)
    window.press("Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown")
    choose_action(window, "Simplify")
    window.wait(lambda: window.lines() == SHORTER.split("\n"))


def test_untrusted_workspace_runs_no_checker(window):
    window.open_text(CODE, 1, 5)
    assert window.read(SAYS.format("Restricted Mode"))
    simplify(window)
    window.wait(lambda: any("done; checked" in each for each in window.messages()))
    assert not any("ruff" in each for each in window.messages())
    window.shoot("untrusted")
    window.run("Workspaces: Manage Workspace Trust")
    window.click(".workspace-trust-editor .monaco-button", "Trust")
    window.wait(lambda: window.read(SAYS.format("You trust this folder")))
    window.press("Escape")
    window.wait(lambda: window.server.log().count("from sotto.server.path") == 2)  # it is started again
    wait_ready(window)
    simplify(window)
    window.wait(lambda: any("ruff" in each for each in window.messages()))
