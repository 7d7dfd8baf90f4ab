"""The order of a session, documents, cancellation and failures, over real pipes."""

import json
import os
import time
from pathlib import Path

import pytest

from e2e.plain_client import PLAIN_SERVER, URI, at, code, inline, is_alive, quiet
from e2e.raw_client import INITIALIZE, RawClient

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


def test_initialize_that_is_invalid_may_be_repeated(fresh: RawClient):
    assert code(fresh.request("initialize", {"capabilities": 5})) == -32602
    assert code(fresh.request("initialize")) == -32602
    fresh.initialize()
    assert quiet(fresh)


def test_initialize_for_the_second_time_is_refused(client: RawClient):
    assert code(client.request("initialize", INITIALIZE)) == -32600
    assert quiet(client)


def test_shutdown_is_followed_by_errors_alone(client: RawClient):
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
def test_encoding_is_the_clients_first(fresh: RawClient, encoding: str, offset_of_x: int):
    capabilities = fresh.initialize(capabilities={"general": {"positionEncodings": [encoding, "utf-16"]}})
    assert capabilities["positionEncoding"] == encoding
    fresh.open(URI, "😀x\n")
    assert inline(fresh, character=offset_of_x) == "1:1:3"


def test_changes_reach_the_store_and_then_the_handlers(client: RawClient):
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


def test_snapshot_is_the_document_when_the_request_was_sent(client: RawClient):
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
def test_cancel_is_answered_at_once(client: RawClient, msg_id: int | str):
    client.send_request("textDocument/inlineCompletion", at("test:slow"), msg_id=msg_id)
    assert is_alive(client)
    started = time.perf_counter()
    client.cancel(msg_id)
    assert code(client.wait(msg_id)) == -32800
    assert time.perf_counter() - started < 1.0
    assert client.result("test/events") == ["cancelled inline"]


def test_cancel_before_the_start_is_answered(client: RawClient):
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


def test_cancel_of_a_command_stops_its_handler(client: RawClient):
    msg_id = client.send_request("workspace/executeCommand", {"command": "plain.sleep"})
    assert is_alive(client)
    client.cancel(msg_id)
    assert code(client.wait(msg_id)) == -32800
    assert client.result("test/events") == ["cancelled command"]


def test_cancel_that_is_late_or_wrong_is_ignored(client: RawClient):
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


def test_duplicate_id_of_a_running_request_is_refused(client: RawClient):
    client.send_request("textDocument/inlineCompletion", at("test:slow"), msg_id=7)
    client.send_request("textDocument/inlineCompletion", at("test:slow"), msg_id=7)
    assert code(client.wait(7)) == -32600


def test_pending_requests_are_forgotten_when_done(client: RawClient):
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
def test_log_has_user_code_at_debug_only(tmp_path: Path, level: str):
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
    assert client.result("test/ask_unknown") == "This client has no method test/unknown."
    assert [request["method"] for request in client.server_requests] == [
        "workspace/configuration",
        "test/unknown",
    ]
