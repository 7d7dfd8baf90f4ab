"""Messages that are not valid, and their framing: one answer each, and the server lives on."""

import json

import pytest

from e2e.plain_client import URI, at, code, quiet
from e2e.raw_client import RawClient

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


def test_jsonrpc_as_a_key_of_params_is_only_a_key(client: RawClient):
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
def test_header_that_is_bad_is_survived(client: RawClient, garbage: bytes):
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


def test_large_message_of_20_mb_goes_both_ways(client: RawClient):
    text = "é" * 10_000_000
    assert client.result("test/echo", {"text": text}, timeout=60) == {"text": text}
