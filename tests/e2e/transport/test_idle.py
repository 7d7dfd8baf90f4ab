"""A server that nobody asks does nothing: no thread wakes up, no processor time is used."""

import os
import sys
import time
from pathlib import Path

import pytest

from e2e.raw_client import EVERYTHING

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SETTLED_S, WATCHED_S = 0.5, 4.0  # longer than any interval at which the server polls anywhere


def wake_ups(pid):
    """thread -> how often it gave up the processor to wait, and how much of it the process used."""
    threads = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        status = (task / "status").read_text()
        threads[task.name] = int(status.split("voluntary_ctxt_switches:")[1].split()[0])
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return threads, int(fields[11]) + int(fields[12])


def wait_until_settled(pid):
    deadline = time.monotonic() + 60
    before = None
    while (now := wake_ups(pid)) != before:
        assert time.monotonic() < deadline, "it never comes to rest"
        before = now
        time.sleep(SETTLED_S)


@pytest.mark.parametrize("settings", [{}, {"enabled": False}], ids=["ready", "disabled"])
def test_idle_server_never_wakes_up(start_server, settings):
    editor = start_server()
    editor.initialize(processId=os.getpid(), initializationOptions=EVERYTHING | settings)
    editor.open_text("def mean(values):\n    total = sum(values)\n    return total / len(")
    assert bool(editor.ghost()) == settings.get("enabled", True)
    wait_until_settled(editor.process.pid)
    before = wake_ups(editor.process.pid)
    time.sleep(WATCHED_S)
    assert wake_ups(editor.process.pid) == before
