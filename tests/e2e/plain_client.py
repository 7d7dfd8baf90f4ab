"""What the protocol tests say to plain_server.py, a server with everything of ours but the model."""

import sys
from pathlib import Path

from e2e.raw_client import Message, RawClient

PLAIN_SERVER = [sys.executable, str(Path(__file__).with_name("plain_server.py"))]
URI = "file:///a.py"


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
