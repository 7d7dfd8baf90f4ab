"""The extension in a real VS Code: on and off, the server's death, code actions, what the status bar says."""

import os
import signal

import pytest

from e2e.raw_client import EVERYTHING
from editors.action_examples import FIRST_IN_THE_MENU
from editors.vscode.vscode_session import CODE, check, choose_action, started, wait_ready

BROKEN = "def mean(values):\n    total = sum(values)\n    return total / len(values\n"
REPAIRED = BROKEN.replace("len(values\n", "len(values)\n")
PREVIEW = ".part.panel"


@pytest.fixture(scope="module")
def vscode(request, tmp_path_factory):
    with started(request, tmp_path_factory) as window:
        window.set(**EVERYTHING, actionPreview=True)
        window.load()
        yield window


@pytest.fixture
def window(vscode):
    wait_ready(vscode)
    return vscode


def ask(window):
    """A place where there is a ghost, as long as it is wanted."""
    window.open_text(CODE)
    window.type("(")
    window.wait(lambda: "len()" in window.lines()[-1])


def shows_a_ghost(window):
    ask(window)
    return window.wait(lambda: window.ghost() == "values")


def shows_no_ghost(window):
    ask(window)
    return window.stays(lambda: not window.ghost(), 3)


@check("off and on")
def test_toggle_turns_ghost_text_off_and_on(window):
    assert shows_a_ghost(window)
    window.run("Sotto: Turn Ghost Text Off in This Window")
    window.wait(lambda: not window.ghost())
    window.wait(lambda: window.status().endswith("off in this window"))
    window.shoot("off")
    assert shows_no_ghost(window)
    window.run("Sotto: Turn Ghost Text On or Off")
    wait_ready(window)
    assert shows_a_ghost(window)


def test_snooze_from_the_status_bar_pauses_until_turned_on(window):
    window.click('[id="sotto.sotto.sotto"] a')
    window.choose("Pause for some minutes")
    window.choose("15 minutes")
    window.wait(lambda: window.status().endswith("paused"))
    window.shoot("paused")
    assert shows_no_ghost(window)
    window.click('[id="sotto.sotto.sotto"] a')
    window.choose("Turn on")
    wait_ready(window)
    assert shows_a_ghost(window)


@check("server killed and back")
def test_killed_server_is_reported_and_comes_back_by_itself(window):
    (server,) = window.server.servers()
    os.kill(server, signal.SIGKILL)
    window.wait(lambda: "The server stopped; it is started again in 0.5 s." in window.server.log())
    window.wait(lambda: window.server.servers() not in ([], [server]))
    wait_ready(window)
    assert shows_a_ghost(window)
    assert len(window.server.servers()) == 1
    assert not any("stopped" in each for each in window.messages()), "it is back: nothing to report"


def test_restart_leaves_one_server_that_serves(window):
    (server,) = window.server.servers()
    window.run("Sotto: Restart the Server")
    window.wait(lambda: window.server.servers() not in ([], [server]))
    wait_ready(window)
    assert shows_a_ghost(window)
    window.wait(lambda: len(window.server.servers()) == 1)


@check("code action", "preview or confirmation")
def test_code_action_is_previewed_and_applied_when_confirmed(window):
    file = window.open_text(BROKEN, 3, 26)
    choose_action(window, "Fix syntax error here")
    window.wait(lambda: any("len(values)" in row for row in window.rows(f"{PREVIEW} .monaco-list-row")))
    assert window.lines() == BROKEN.split("\n"), "it is a preview"
    window.shoot("preview")
    window.click(f"{PREVIEW} .monaco-list-row .monaco-checkbox")
    window.click(f"{PREVIEW} .monaco-button", "Apply")
    window.wait(lambda: window.lines() == REPAIRED.split("\n"))
    window.wait(lambda: any("checked that the file comp" in each for each in window.messages()))
    window.wait(lambda: window.saved(file) == REPAIRED)


@check("code action")
@FIRST_IN_THE_MENU
def test_code_action_written_by_the_model_is_applied_when_confirmed(window, title, text, line, added):
    window.open_text(text, line, 6)
    choose_action(window, title)
    window.wait(lambda: any(added.strip() in row for row in window.rows(f"{PREVIEW} .monaco-list-row")))
    window.click(f"{PREVIEW} .monaco-list-row .monaco-checkbox")
    window.click(f"{PREVIEW} .monaco-button", "Apply")
    window.wait(lambda: any(added in row for row in window.lines()))
    window.shoot(title.split()[-1])


def test_code_action_not_confirmed_changes_nothing(window):
    window.open_text(BROKEN, 3, 26)
    choose_action(window, "Fix syntax error here")
    window.wait(lambda: any("len(values)" in row for row in window.rows(f"{PREVIEW} .monaco-list-row")))
    window.click(f"{PREVIEW} .monaco-button", "Discard")
    window.wait(lambda: any("it was not confirmed" in each for each in window.messages()))
    assert window.lines() == BROKEN.split("\n")


def test_metrics_are_shown(window):
    window.run("Sotto: Show Metrics")
    window.wait(lambda: any(row.startswith("completions:") for row in window.rows()))
    window.press("Escape")


def test_setting_changed_reaches_the_server_without_a_restart(window):
    (server,) = window.server.servers()
    window.set(**EVERYTHING, maxTokns=3)
    window.wait(lambda: any("sotto.maxTokns is unknown" in each for each in window.messages()))
    window.set(**EVERYTHING, enabled=False)
    window.wait(lambda: "The setting sotto.enabled is off" in window.status())
    assert shows_no_ghost(window)
    window.set(**EVERYTHING)
    wait_ready(window)
    assert shows_a_ghost(window)
    assert window.server.servers() == [server]


def test_version_of_another_series_is_refused_with_advice(window, tmp_path):
    program = tmp_path / "sotto"
    program.write_text("#!/bin/sh\necho sotto 0.2.0\n")
    program.chmod(0o755)
    window.set(**EVERYTHING, server_path=str(program))
    window.wait(lambda: any("needs sotto 0.1, and found 0.2.0" in each for each in window.messages()))
    assert window.status().startswith("error") and window.server.servers() == []
    window.shoot("other-series")
    window.set(**EVERYTHING)
    wait_ready(window)
    assert shows_a_ghost(window)
