"""What the server says and does at the edges of the protocol, over real pipes."""

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.raw_client import INITIALIZE, Message, RawClient
from sotto_lsp.documents import DocumentStore
from sotto_lsp.protocol import SottoServer

PLAIN_SERVER = [sys.executable, str(Path(__file__).with_name("plain_server.py"))]
URI = "file:///a.py"


@pytest.fixture
def fresh() -> Iterator[RawClient]:
    with RawClient.start(PLAIN_SERVER) as client:
        yield client
        assert client.not_protocol == b""


@pytest.fixture
def client(fresh: RawClient) -> RawClient:
    fresh.initialize()
    return fresh


def at(uri: str = URI, line: int = 0, character: int = 0) -> Message:
    return {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": 1},
    }


def inline(client: RawClient, uri: str = URI, line: int = 0, character: int = 0) -> str:
    return client.result("textDocument/inlineCompletion", at(uri, line, character))[0]["insertText"]


def code(response: Message) -> int:
    assert "result" not in response
    sentence = response["error"]["message"]
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return response["error"]["code"]


def is_alive(client: RawClient) -> bool:
    return client.result("test/echo", {"a": 1}) == {"a": 1}


def quiet(client: RawClient) -> bool:
    """Alive, and the user was shown nothing."""
    return is_alive(client) and not [n for n in client.notifications if n["method"].startswith("window/")]


# What is not valid


@pytest.mark.parametrize(
    "params",
    [
        None,
        {},
        [1],
        "text",
        {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}},
        at() | {"context": {"triggerKind": 0}},
        at() | {"position": {"line": -1, "character": 0}},
        at() | {"position": {"line": "SECRET", "character": 0}},
    ],
)
def test_invalid_params_get_one_answer_and_no_toast(client: RawClient, params: object):
    response = client.request("textDocument/inlineCompletion", params)
    assert code(response) == -32602
    assert response["error"]["message"].startswith("textDocument/inlineCompletion is not valid: ")
    assert "SECRET" not in response["error"]["message"]
    assert quiet(client)
    assert client.unasked == []


def test_invalid_params_are_named(client: RawClient):
    response = client.request("textDocument/inlineCompletion", at() | {"context": {"triggerKind": 0}})
    assert "context.triggerKind" in response["error"]["message"]


def test_invalid_notifications_are_logged_without_text_or_toast(client: RawClient):
    for _ in range(3):
        client.notify("textDocument/didChange", {"contentChanges": [{"text": "SECRET"}]})
        client.notify("textDocument/didOpen", ["SECRET"])
        client.notify("textDocument/inlineCompletion", at())
    assert quiet(client)
    client.end()
    assert "textDocument/didChange is not valid" in client.stderr
    assert "SECRET" not in client.stderr


def test_unknown_methods_get_method_not_found(client: RawClient):
    assert code(client.request("sotto/unknown", {})) == -32601
    assert code(client.request("textDocument/hover", at())) == -32601
    assert code(client.request("$/unknown")) == -32601
    client.notify("sotto/unknown", {})
    client.notify("$/unknown", {})
    client.notify("notebookDocument/didOpen", {"anything": 1})
    assert quiet(client)


def test_unknown_command_gets_invalid_params(client: RawClient):
    response = client.request("workspace/executeCommand", {"command": "no.such"})
    assert response["error"]["code"] == -32602
    assert quiet(client)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"not json",
        b"\xff\xfe\xff",
        b'{"jsonrpc": "2.0", "id": 1,',
        b"[" * 100_000,
        b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"test/echo"}',
    ],
)
def test_malformed_json_gets_parse_error_with_null_id(client: RawClient, body: bytes):
    client.send_raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    (response,) = client.wait_unasked()
    assert (response["id"], code(response)) == (None, -32700)
    assert quiet(client)


@pytest.mark.parametrize(
    ("message", "answered_id"),
    [
        ([], None),
        ([{"jsonrpc": "2.0", "id": 70, "method": "test/echo"}], None),
        (5, None),
        ("text", None),
        (None, None),
        ({}, None),
        ({"jsonrpc": "2.0"}, None),
        ({"id": 70, "method": "test/echo"}, 70),
        ({"jsonrpc": "1.0", "id": 70, "method": "test/echo"}, 70),
        ({"jsonrpc": "2.0", "id": 70, "method": 3}, 70),
        ({"jsonrpc": "2.0", "id": 70}, 70),
        ({"jsonrpc": "2.0", "id": None, "method": "test/echo"}, None),
        ({"jsonrpc": "2.0", "id": 1.5, "method": "test/echo"}, None),
        ({"jsonrpc": "2.0", "id": True, "method": "test/echo"}, None),
        ({"jsonrpc": "2.0", "id": {"a": 1}, "method": "test/echo"}, None),
    ],
)
def test_malformed_messages_get_invalid_request(client: RawClient, message: object, answered_id: int | None):
    client.send(message)
    (response,) = client.wait_unasked()
    assert (response["id"], code(response)) == (answered_id, -32600)
    assert quiet(client)


def test_answers_to_nothing_are_dropped(client: RawClient):
    client.send({"jsonrpc": "2.0", "id": 99, "result": 1})
    client.send({"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": "x"}})
    client.send({"jsonrpc": "2.0", "id": [1], "result": None})
    slow = client.send_request("textDocument/inlineCompletion", at("test:slow"))
    client.send({"jsonrpc": "2.0", "id": slow, "result": 1})
    assert quiet(client)
    assert client.unasked == []
    client.cancel(slow)
    assert code(client.wait(slow)) == -32800


def test_a_key_named_jsonrpc_in_params_is_only_a_key(client: RawClient):
    params = {
        "jsonrpc": "2.0",
        "nested": {"jsonrpc": "2.0", "id": 1, "method": "exit"},
        "class": [{"jsonrpc": 1}],
    }
    assert client.result("test/echo", params) == params
    assert quiet(client)


# Framing


@pytest.mark.parametrize(
    "garbage",
    [
        b"Content-Length: abc\r\n\r\n",
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: 99999999999999999999999\r\n\r\n",
        b"Content-Length: 999999999999\r\n\r\n",
        b"Content-Type: text\r\n\r\n",
        b'Content-Length: x\r\n\r\n{"jsonrpc": "2.0"}',
        b"Content-Length: 3\r\n\r\n{}    ",
        b"Content-Length: 2\r\n\r\n{]and more",
        b"\x00\xff\r\n\r\n",
    ],
)
def test_bad_headers_are_survived(client: RawClient, garbage: bytes):
    client.send_raw(garbage)
    assert quiet(client)
    assert {response["error"]["code"] for response in client.unasked} <= {-32700, -32600}


@pytest.mark.parametrize(
    "header",
    [
        b"content-length: %d\r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length:%d\r\nContent-Type: x\r\n\r\n",
        b"Content-Length: %d\n\n",
        b"\r\n\r\nContent-Length:   %d  \r\n\r\n",
    ],
)
def test_headers_may_be_spelled_in_any_way(client: RawClient, header: bytes):
    body = json.dumps({"jsonrpc": "2.0", "id": 500, "method": "test/echo", "params": {"ü": "é"}}).encode()
    client.send_raw(header % len(body) + body)
    assert client.wait_unasked()[0]["result"] == {"ü": "é"}


def test_bytes_may_come_one_by_one(client: RawClient):
    body = b'{"jsonrpc":"2.0","id":500,"method":"test/echo","params":[1]}'
    for byte in b"Content-Length: %d\r\n\r\n%s" % (len(body), body):
        client.send_raw(bytes([byte]))
    assert client.wait_unasked()[0]["result"] == [1]


def test_twenty_megabytes_go_through_both_ways(client: RawClient):
    text = "é" * 10_000_000
    assert client.result("test/echo", {"text": text}, timeout=60) == {"text": text}


# The order of a session


def test_requests_before_initialize_are_refused(fresh: RawClient):
    assert code(fresh.request("textDocument/inlineCompletion", at())) == -32002
    assert code(fresh.request("sotto/unknown")) == -32002
    assert code(fresh.request("shutdown")) == -32002
    fresh.initialize()
    assert quiet(fresh)


def test_notifications_before_initialize_are_dropped(fresh: RawClient):
    fresh.open(URI, "text")
    fresh.notify("initialized", {})
    fresh.initialize()
    assert fresh.result("test/text", {"uri": URI}) is None
    assert fresh.result("test/events") == []


def test_invalid_initialize_may_be_repeated(fresh: RawClient):
    assert code(fresh.request("initialize", {"capabilities": 5})) == -32602
    assert code(fresh.request("initialize")) == -32602
    fresh.initialize()
    assert quiet(fresh)


def test_second_initialize_is_refused(client: RawClient):
    assert code(client.request("initialize", INITIALIZE)) == -32600
    assert quiet(client)


def test_nothing_is_answered_after_shutdown_but_with_an_error(client: RawClient):
    assert client.result("shutdown") is None
    assert code(client.request("shutdown")) == -32600
    assert code(client.request("textDocument/inlineCompletion", at())) == -32600
    client.open(URI, "text")
    client.notify("exit")
    assert client.exit_code() == 0


def test_capabilities_are_those_of_the_features(fresh: RawClient):
    capabilities = fresh.initialize()
    assert capabilities["positionEncoding"] == "utf-16"
    assert capabilities["textDocumentSync"]["openClose"] is True
    assert capabilities["textDocumentSync"]["change"] == 2
    assert capabilities["inlineCompletionProvider"] is not None
    assert "notebookDocumentSync" not in capabilities


# Documents


@pytest.mark.parametrize(("encoding", "offset_of_x"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
def test_the_clients_first_encoding_is_used(fresh: RawClient, encoding: str, offset_of_x: int):
    capabilities = fresh.initialize(capabilities={"general": {"positionEncodings": [encoding, "utf-16"]}})
    assert capabilities["positionEncoding"] == encoding
    fresh.open(URI, "😀x\n")
    assert inline(fresh, character=offset_of_x) == "1:1:3"


def test_edits_reach_the_store_and_then_the_users_handlers(client: RawClient):
    client.open(URI, "one\x0ctwo\nthree\n")
    spot = {"line": 1, "character": 0}
    client.change(URI, 2, {"range": {"start": spot, "end": spot}, "text": "\u2028"}, {"text": "x"})
    client.change(URI, 3, {"text": "a\nb"}, {"range": {"start": spot, "end": spot}, "text": "c"})
    assert client.result("test/text", {"uri": URI}) == "a\ncb"
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert client.result("test/text", {"uri": URI}) is None
    assert client.result("test/events") == ["open True", "change 2", "change 3", "close True"]


def test_changes_of_unopened_documents_are_ignored(client: RawClient):
    client.change(URI, 2, {"text": "SECRET"})
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert quiet(client)
    client.end()
    assert "not open" in client.stderr
    assert "SECRET" not in client.stderr


def test_a_request_sees_the_document_as_it_was_when_it_was_sent(client: RawClient):
    # All in one write, so that the server has every message at hand before it begins with the first.
    messages = []
    for version in range(2, 40):
        document = {"uri": URI, "version": version}
        change = {"textDocument": document, "contentChanges": [{"text": "x" * version}]}
        messages.append({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": change})
        params = at(character=version)
        messages.append(
            {
                "jsonrpc": "2.0",
                "id": version + 1000,
                "method": "textDocument/inlineCompletion",
                "params": params,
            }
        )
    client.open(URI, "x")
    bodies = [json.dumps(message).encode() for message in messages]
    client.send_raw(b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies))
    answers = {response["id"] - 1000: response["result"] for response in client.wait_unasked(38)}
    assert {version: result[0]["insertText"] for version, result in answers.items()} == {
        version: f"{version}:{version}:{version}" for version in range(2, 40)
    }


# Cancellation


@pytest.mark.parametrize("msg_id", [7000, "seven", "", -1])
def test_cancelled_request_is_answered_at_once(client: RawClient, msg_id: int | str):
    client.send_request("textDocument/inlineCompletion", at("test:slow"), msg_id=msg_id)
    assert is_alive(client)
    started = time.perf_counter()
    client.cancel(msg_id)
    assert code(client.wait(msg_id)) == -32800
    assert time.perf_counter() - started < 1.0
    assert client.result("test/events") == ["cancelled inline"]


def test_request_cancelled_before_it_starts_is_answered(client: RawClient):
    request = {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "textDocument/inlineCompletion",
        "params": at("test:slow"),
    }
    cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 7}}
    bodies = [json.dumps(message).encode() for message in (request, cancel)]
    client.send_raw(b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies))
    assert code(client.wait_unasked()[0]) == -32800


def test_cancelled_command_stops_its_handler(client: RawClient):
    msg_id = client.send_request("workspace/executeCommand", {"command": "plain.sleep"})
    assert is_alive(client)
    client.cancel(msg_id)
    assert code(client.wait(msg_id)) == -32800
    assert client.result("test/events") == ["cancelled command"]


def test_late_or_wrong_cancellation_is_nothing(client: RawClient):
    client.cancel(client.send_request("test/echo", 1, msg_id="done"))
    client.wait("done")
    client.cancel("done")
    client.cancel(4711)
    client.notify("$/cancelRequest", {})
    assert quiet(client)
    assert len(client.unasked) == 0


def test_shutdown_cancels_what_runs(client: RawClient):
    msg_id = client.send_request("textDocument/inlineCompletion", at("test:slow"))
    command = client.send_request("workspace/executeCommand", {"command": "plain.sleep"})
    assert client.result("shutdown") is None
    assert code(client.wait(msg_id)) == -32800
    assert code(client.wait(command)) == -32800


def test_id_of_a_running_request_cannot_be_taken_again(client: RawClient):
    client.send_request("textDocument/inlineCompletion", at("test:slow"), msg_id=7)
    client.send_request("textDocument/inlineCompletion", at("test:slow"), msg_id=7)
    assert code(client.wait(7)) == -32600


def test_handlers_that_are_done_are_forgotten(client: RawClient):
    client.open(URI, "")
    for version in range(50):
        client.change(URI, version, {"text": "x"})
    assert client.result("test/num_pending") == 1  # the asking itself


# Failures of the server


def test_failing_handler_is_answered_and_logged_without_text(client: RawClient):
    response = client.request("textDocument/inlineCompletion", at("test:raise"))
    assert code(response) == -32603
    assert "data" not in response["error"]
    client.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
    assert quiet(client)
    client.end()
    assert client.stderr.count("\nRuntimeError\n") == 2
    assert "plain_server.py" in client.stderr
    assert "SECRET" not in client.stderr


def test_result_that_is_no_json_is_still_answered(client: RawClient):
    assert code(client.request("textDocument/inlineCompletion", at("test:not-json"))) == -32603
    assert quiet(client)


@pytest.mark.parametrize("level", ["info", "debug"])
def test_the_users_code_is_logged_at_debug_only(tmp_path: Path, level: str):
    log = tmp_path / "log.txt"
    env = os.environ | {"PLAIN_LOG": level, "PLAIN_FILE": str(log)}
    with RawClient.start(PLAIN_SERVER, env=env) as client:
        client.initialize()
        client.open(URI, "SECRET")
        client.result("test/echo", {"text": "SECRET"})
        client.change(URI, 2, {"text": "SECRET"})
        client.end()
        assert client.stderr == ""
    assert ("SECRET" in log.read_text()) == (level == "debug")


def test_stdout_is_the_protocol_alone(client: RawClient):
    assert client.result("test/print", timeout=30) == 0
    assert is_alive(client)
    client.end()
    assert client.not_protocol == b""
    assert "printed by Python" in client.stderr
    assert "written to descriptor 1" in client.stderr


# Requests of the server's


def test_answers_of_the_client_come_back(client: RawClient):
    client.answers["workspace/configuration"] = [{"a": {"b": 1}}]
    assert client.result("test/ask") == [{"a": {"b": 1}}]
    assert client.result("test/ask_unknown") == "JsonRpcMethodNotFound"
    assert [request["method"] for request in client.server_requests] == [
        "workspace/configuration",
        "test/unknown",
    ]


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


def test_server_on_streams_of_the_callers_returns():
    def framed(*messages: Message) -> bytes:
        bodies = [json.dumps({"jsonrpc": "2.0"} | message).encode() for message in messages]
        return b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)

    stdin = io.BytesIO(
        framed(
            {"id": 1, "method": "initialize", "params": INITIALIZE},
            {"id": 2, "method": "shutdown"},
            {"method": "exit"},
        )
    )
    stdout = io.BytesIO()
    server = SottoServer("streams", "1", DocumentStore())
    server.start_io(stdin, stdout)
    assert server.exit_code == 0
    assert stdout.getvalue().count(b"Content-Length") == 2


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
