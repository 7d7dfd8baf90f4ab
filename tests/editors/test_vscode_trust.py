"""A real VS Code in a workspace that the user does not trust: nothing of it is run, whatever their settings say."""

import pytest

from editors.instruct_examples import CODE, program_saying
from editors.vscode_session import started

SAYS = 'document.body.textContent.includes("{}")'
WRITE = "Write tests for this function"
ACTIONS = ".action-widget .monaco-list-row"


@pytest.fixture(scope="module")
def window(request, tmp_path_factory):
    program = program_saying(tmp_path_factory.mktemp("bin"))
    own = {"sotto.server.path": str(program), "sotto.actionRunTests": True, "sotto.actionCheckers": ["ruff"]}
    with started(request, tmp_path_factory, own) as window:
        window.load()
        window.wait(lambda: window.status().endswith("ready"), 120)
        yield window


def offered(window):
    window.run("Source Action...")
    window.wait(lambda: WRITE in window.rows(ACTIONS))
    return window.rows(ACTIONS)


def test_tests_are_run_once_the_workspace_is_trusted_and_not_before(window):
    window.open_text(CODE, 1, 5)
    assert window.read(SAYS.format("Restricted Mode"))
    assert offered(window) == ["Source Action", WRITE]
    window.shoot("untrusted")
    window.press("Escape")
    window.run("Workspaces: Manage Workspace Trust")
    window.click(".workspace-trust-editor .monaco-button", "Trust")
    window.wait(lambda: window.read(SAYS.format("You trust this folder")))
    window.press("Escape")
    window.wait(lambda: window.status().endswith("ready"), 120)
    window.open_text(CODE, 1, 5)
    window.wait(lambda: f"{WRITE} and run them" in offered(window))
