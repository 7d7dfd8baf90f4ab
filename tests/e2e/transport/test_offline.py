"""Nothing leaves the machine: no network socket, no file outside, in a whole session of the real server."""

import os
import re
import shutil
import sys

import pytest

from e2e.conftest import Editor

SERVE = [sys.executable, "-m", "sotto_lsp", "serve"]


def a_session(command, home):
    """Type a little and end; the environment has a home of its own and nothing that switches reporting off."""
    keep = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "VIRTUAL_ENV")}
    with Editor.start(command, env=keep | {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}) as editor:
        editor.initialize(initializationOptions={"budgetMs": 60_000, "minProbability": 0})
        editor.open_text("def mean(values):\n    return su")
        assert editor.ghost()
        editor.type("m(")
        editor.inline()
        assert editor.end() == 0


def test_offline_session_writes_no_file(tmp_path):
    a_session(SERVE, tmp_path)
    assert list(tmp_path.rglob("*")) == [], "onnxruntime's event database was here once"


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed: system calls cannot be seen")
def test_offline_session_opens_no_socket_and_looks_no_name_up(tmp_path):
    log, home = tmp_path / "log", tmp_path / "home"
    home.mkdir()
    a_session(["strace", "-f", "-qq", "-e", "trace=network", "-o", str(log), *SERVE], home)
    calls = log.read_text()
    assert "socketpair" in calls, "the event loop's own pipe shows that the trace works"
    assert not re.findall(r"socket\(AF_INET.*|socket\(AF_NETLINK.*|connect\(.*|sendto\(.*AF_INET.*", calls)
