"""The end of the client's process is noticed, with and without the system's help."""

import subprocess
import sys
import threading

import pytest

from sotto_lsp.transport import parent_watch
from sotto_lsp.transport.parent_watch import watch_parent

WAYS = ["_wait_for_end", "_poll_for_end"]


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Each way to wait, chosen by the system or not."""
    monkeypatch.setattr(parent_watch, "_POLL_S", 0.05)
    monkeypatch.setattr(parent_watch, "_wait_for_end", getattr(parent_watch, request.param))


@pytest.mark.usefixtures("way")
def test_end_of_a_process_is_noticed_though_nobody_reaps_it():
    ended = threading.Event()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        watch_parent(process.pid, ended.set)
        assert not ended.wait(0.3)
        process.stdin.close()
        assert ended.wait(20)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("pid", [0, -1, 2**22 + 7, 2**40])
def test_process_that_is_not_there_is_not_watched(pid):
    ended = threading.Event()
    watch_parent(pid, ended.set)
    assert not ended.wait(0.3)
