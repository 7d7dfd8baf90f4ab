"""How the server ends: exit codes, the end of input, the death of its client."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from e2e.plain_client import PLAIN_SERVER, is_alive, quiet
from e2e.raw_client import INITIALIZE, RawClient

# The end


def test_exit_after_shutdown_ends_with_0(client: RawClient):
    assert client.end() == 0


def test_exit_without_shutdown_ends_with_1(client: RawClient):
    client.notify("exit")
    assert client.exit_code() == 1


def test_exit_before_initialize_ends_with_1(fresh: RawClient):
    fresh.notify("exit")
    assert fresh.exit_code() == 1


@pytest.mark.parametrize("ask_first", [True, False])
def test_working_threads_do_not_hold_up_the_exit(client: RawClient, ask_first: bool):
    client.result("test/work")
    assert is_alive(client)
    if ask_first:
        client.result("shutdown")
    started = time.perf_counter()
    client.notify("exit")
    assert client.exit_code() == (0 if ask_first else 1)
    assert time.perf_counter() - started < 3.0


@pytest.mark.parametrize("busy_with", ["test/echo", "test/work", "test/freeze"])
def test_end_of_input_ends_with_1(client: RawClient, busy_with: str):
    client.send_request(busy_with)
    assert client.process.stdin is not None
    started = time.perf_counter()
    client.process.stdin.close()
    assert client.exit_code() == 1
    assert time.perf_counter() - started < 4.0


def test_end_of_input_inside_a_message_ends_with_1(client: RawClient):
    client.send_raw(b"Content-Length: 100\r\n\r\n{")
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert client.exit_code() == 1


def test_client_that_does_not_read_any_more_ends_the_server():
    pipe = subprocess.PIPE
    with subprocess.Popen(PLAIN_SERVER, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        body = b'{"jsonrpc":"2.0","id":1,"method":"test/echo"}'
        process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        process.stdin.flush()
        assert process.wait(10) == 1


def test_death_of_the_process_named_in_initialize_ends_the_server(fresh: RawClient):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as editor:
        fresh.initialize(processId=editor.pid)
        assert is_alive(fresh)
        editor.kill()
        editor.wait()
        # stdin stays open in this process: only the watch can tell.
        assert fresh.exit_code() == 1


@pytest.mark.skipif(sys.platform == "win32", reason="an orphan keeps its parent there")
def test_orphaned_server_ends(tmp_path: Path):
    """The direct parent dies and stays a zombie of ours, which a signal to its id would not tell."""
    script = tmp_path / "editor.py"
    script.write_text(
        "import json, os, subprocess, sys, time\n"
        "server = subprocess.Popen(sys.argv[1:], stdin=0, stdout=1)\n"
        "print(server.pid, file=sys.stderr, flush=True)\n"
        "time.sleep(60)\n"
    )
    pipe = subprocess.PIPE
    command = [sys.executable, str(script), *PLAIN_SERVER]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as editor:
        assert editor.stdin is not None
        assert editor.stdout is not None
        params = INITIALIZE | {"processId": editor.pid}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).encode()
        editor.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        editor.stdin.flush()
        assert editor.stdout.readline().startswith(b"Content-Length")
        os.kill(editor.pid, 9)
        # Our end of stdin stays open. The end of stdout comes when the last process that holds it is gone.
        with contextlib.suppress(ValueError):
            editor.stdout.read()


def test_process_that_cannot_be_seen_is_not_watched(fresh: RawClient):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    fresh.initialize(processId=gone.pid)
    time.sleep(0.3)
    assert quiet(fresh)
