"""The real server, `sotto serve`, over stdio."""

import sys
import time
from collections.abc import Iterator

import pytest

from e2e.plain_client import PLAIN_SERVER
from e2e.raw_client import EVERYTHING, RawClient

COMMAND = [sys.executable, "-m", "sotto_lsp", "serve"]


class Editor(RawClient):
    """A client with one way to type and one to ask."""

    uri = "file:///project/app.py"
    version = 1
    text = ""

    def open_text(self, text, uri=None, language_id="python"):
        self.uri, self.text, self.version = uri or self.uri, text, 1
        self.open(self.uri, text, language_id)

    def type(self, text, offset=None):
        """Insert text (at its end by default) and tell the server."""
        offset = len(self.text) if offset is None else offset
        position = self.position(offset)
        self.text = self.text[:offset] + text + self.text[offset:]
        self.version += 1
        self.change(self.uri, self.version, {"range": {"start": position, "end": position}, "text": text})
        return offset + len(text)

    def delete(self, start, end):
        """Delete text and tell the server."""
        places = {"start": self.position(start), "end": self.position(end)}
        self.text = self.text[:start] + self.text[end:]
        self.version += 1
        self.change(self.uri, self.version, {"range": places, "text": ""})

    def offset(self, position):
        """Of a position in a text without line ends of two characters."""
        lines = self.text.split("\n")
        line = lines[position["line"]].encode("utf-16-le")[: 2 * position["character"]].decode("utf-16-le")
        return sum(len(each) + 1 for each in lines[: position["line"]]) + len(line)

    def position(self, offset):
        before = self.text[:offset].split("\n")
        return {"line": len(before) - 1, "character": len(before[-1].encode("utf-16-le")) // 2}

    def inline_params(self, offset=None, kind=2, **context):
        offset = len(self.text) if offset is None else offset
        return {
            "textDocument": {"uri": self.uri},
            "position": self.position(offset),
            "context": {"triggerKind": kind, **context},
        }

    def inline(self, offset=None, **context):
        """The items of an inline completion that is answered."""
        result = self.result("textDocument/inlineCompletion", self.inline_params(offset, **context), timeout=30)
        return result["items"]

    def ghost(self, offset=None):
        items = self.inline(offset)
        return items[0]["insertText"] if items else ""

    def metrics(self):
        return self.result("workspace/executeCommand", {"command": "sotto.metrics"})

    def explain_last(self):
        return self.result("workspace/executeCommand", {"command": "sotto.explainLast"})

    def wait_ahead(self, num_before):
        """Until more tokens than so many were computed ahead; how many there are then."""
        deadline = time.monotonic() + 60
        while (num := self.metrics()["num_ahead_tokens"]) <= num_before:
            assert time.monotonic() < deadline, "nothing is computed ahead"
            time.sleep(0.02)
        return num


@pytest.fixture
def start_server():
    """Start `sotto serve` with more arguments; every server is ended and must have kept stdout clean."""
    yield from _start_servers()


@pytest.fixture(scope="module")
def start_server_of_module():
    """The same, for the tests of a file together."""
    yield from _start_servers()


def _start_servers():
    started = []

    def start(*arguments, **options):
        editor = Editor.start([*COMMAND, *arguments], **options)
        started.append(editor)
        return editor

    yield start
    for editor in started:
        try:
            assert editor.not_protocol == b""
            assert editor.unasked == [], "every request is answered once"
        finally:
            editor.close()


@pytest.fixture
def editor(start_server):
    """An initialized session with settings that give the model time on a busy machine, and show all it says."""
    editor = start_server()
    editor.initialize(initializationOptions=EVERYTHING)
    return editor


@pytest.fixture
def fresh() -> Iterator[RawClient]:
    with RawClient.start(PLAIN_SERVER) as client:
        yield client
        assert client.not_protocol == b""


@pytest.fixture
def client(fresh: RawClient) -> RawClient:
    fresh.initialize()
    return fresh
