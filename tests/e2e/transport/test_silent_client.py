"""A client that never answers what the server asks it gets suggestions all the same, after a short wait."""

import time

import pytest

from e2e.raw_client import EVERYTHING, NEVER

CODE = "def mean(values):\n    total = sum(values)\n    return total / len("
CONFIGURATION = {"workspace": {"configuration": True}}
PROGRESS = {"window": {"workDoneProgress": True}}
MAX_WAIT_S = 10.0  # the server gives up after 2 s each; the rest is for a busy machine


def silent(start_server, capabilities):
    editor = start_server(answers={"workspace/configuration": NEVER, "window/workDoneProgress/create": NEVER})
    editor.initialize(initializationOptions=EVERYTHING, capabilities=capabilities)
    editor.open_text(CODE)
    return editor


@pytest.mark.parametrize(
    ("capabilities", "asked"),
    [
        (CONFIGURATION, ["workspace/configuration"]),
        (PROGRESS, ["window/workDoneProgress/create"]),
        (CONFIGURATION | PROGRESS, ["workspace/configuration", "window/workDoneProgress/create"]),
    ],
    ids=["configuration", "progress", "both"],
)
def test_silent_client_gets_suggestions(start_server, capabilities, asked):
    started = time.monotonic()
    editor = silent(start_server, capabilities)
    assert editor.ghost()
    assert time.monotonic() - started < MAX_WAIT_S
    assert [request["method"] for request in editor.server_requests] == asked
    assert not [each for each in editor.notifications if each["method"].startswith(("window/", "$/"))]
    assert editor.end() == 0


def test_silent_client_changes_its_settings(start_server):
    editor = silent(start_server, CONFIGURATION | PROGRESS)
    assert editor.ghost()
    for enabled in (False, True):
        settings = {"sotto": EVERYTHING | {"enabled": enabled}}
        editor.notify("workspace/didChangeConfiguration", {"settings": settings})
        started = time.monotonic()
        while bool(editor.ghost()) != enabled:
            assert time.monotonic() - started < MAX_WAIT_S
            time.sleep(0.1)


def test_silent_client_can_end_while_it_is_asked(start_server):
    editor = silent(start_server, CONFIGURATION)
    assert editor.end() == 0


def test_silent_client_that_answers_late_is_ignored(start_server):
    editor = silent(start_server, CONFIGURATION | PROGRESS)
    assert editor.ghost()
    for request in list(editor.server_requests):
        editor.send({"jsonrpc": "2.0", "id": request["id"], "result": None})
    assert editor.ghost()
    assert editor.end() == 0
    lines = editor.stderr.splitlines()
    assert len(lines) == 1 and "workspace/configuration" in lines[0]
