"""RawClient: a bare JSON-RPC client over a server's stdio, for tests and benchmarks.

It sends whatever it is given, valid or not, and keeps everything the server says.
"""

import contextlib
import itertools
import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

Message = dict[str, Any]

INITIALIZE: Message = {"processId": None, "rootUri": None, "capabilities": {}}

EVERYTHING = {"budgetMs": 20_000, "minProbability": 0}
"""Time on a busy machine, and whatever the model says, sure or not."""

NEVER = object()
"""An answer that is not sent."""


class RawClient:
    """One server process and what passed between it and us.

    `answers` says what a request of the server's gets: its method's value, or what the value returns for the
    params where it can be called; NEVER leaves it open. A method that is not in it gets "method not found".
    """

    def __init__(self, process: subprocess.Popen[bytes], answers: Mapping[str, Any] | None = None) -> None:
        self.process = process
        self.answers: dict[str, Any] = {
            "window/workDoneProgress/create": None,
            "client/registerCapability": None,
            "client/unregisterCapability": None,
            "workspace/configuration": lambda params: [None] * len(params["items"]),
            **(answers or {}),
        }
        self.notifications: list[Message] = []
        self.server_requests: list[Message] = []
        self.unasked: list[Message] = []
        """Answers to no request of ours: those with the id null, and second answers."""
        self.not_protocol = b""
        """What stood on stdout besides framed messages."""
        self.stderr = ""
        self.received_at: dict[int | str, float] = {}
        """`time.perf_counter()` when the answer to a request came."""
        self._ids = itertools.count(1)
        self._waiting: set[int | str] = set()
        self._responses: dict[int | str, Message] = {}
        self._changed = threading.Condition()
        self._writing = threading.Lock()  # answers are sent by the thread that reads
        self._ended = False
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._read_stdout, self._read_stderr)
        ]
        for thread in self._threads:
            thread.start()

    @classmethod
    def start(
        cls,
        command: Sequence[str | Path],
        *,
        answers: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Self:
        """Start a server."""
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=env, cwd=cwd)
        return cls(process, answers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Saying

    def send_raw(self, data: bytes) -> None:
        """Write bytes as they are."""
        assert self.process.stdin is not None
        with self._writing:
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def send(self, message: object) -> None:
        """Frame and write any JSON value."""
        body = json.dumps(message).encode()
        self.send_raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def notify(self, method: str, params: object = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def send_request(self, method: str, params: object = None, *, msg_id: int | str | None = None) -> int | str:
        """Send a request and return its id, for `wait`."""
        msg_id = next(self._ids) if msg_id is None else msg_id
        with self._changed:
            self._waiting.add(msg_id)
        self.send({"jsonrpc": "2.0", "id": msg_id, "method": method, "params": params})
        return msg_id

    def cancel(self, msg_id: int | str) -> None:
        self.notify("$/cancelRequest", {"id": msg_id})

    # Hearing

    def wait(self, msg_id: int | str, timeout: float = 10.0) -> Message:
        """The whole response to a request, `result` or `error`."""
        self._wait_for(lambda: msg_id in self._responses, f"an answer to request {msg_id!r}", timeout)
        return self._responses.pop(msg_id)

    def request(self, method: str, params: object = None, timeout: float = 10.0) -> Message:
        """Send a request and wait for its response."""
        return self.wait(self.send_request(method, params), timeout)

    def result(self, method: str, params: object = None, timeout: float = 10.0) -> Any:
        """The result of a request that must succeed."""
        response = self.request(method, params, timeout)
        assert "error" not in response, f"{method}: {response['error']}"
        return response["result"]

    def wait_notification(self, method: str, timeout: float = 10.0, *, num_before: int = 0) -> Message:
        """The params of the notification of this method that comes after the first `num_before`."""

        def found() -> list[Message]:
            return [each for each in self.notifications if each["method"] == method][num_before:]

        self._wait_for(lambda: bool(found()), f"a notification {method}", timeout)
        return found()[0].get("params", {})

    def wait_unasked(self, num: int = 1, timeout: float = 10.0) -> list[Message]:
        """The answers to no request of ours, once there are `num` of them."""
        self._wait_for(lambda: len(self.unasked) >= num, f"{num} answers with the id null", timeout)
        return list(self.unasked)

    # The session

    def initialize(self, **params: object) -> Message:
        """`initialize` and `initialized`; the server's capabilities."""
        result = self.result("initialize", INITIALIZE | params, timeout=30.0)
        self.notify("initialized", {})
        return result["capabilities"]

    def open(self, uri: str, text: str, language_id: str = "python", version: int = 1) -> None:
        document = {"uri": uri, "languageId": language_id, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, uri: str, version: int, *changes: Message) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def end(self) -> int:
        """`shutdown`, `exit`; the exit code."""
        assert self.request("shutdown")["result"] is None
        self.notify("exit")
        return self.exit_code()

    def exit_code(self, timeout: float = 10.0) -> int:
        """Wait for the process to end by itself."""
        code = self.process.wait(timeout)
        for thread in self._threads:
            thread.join(timeout)
        return code

    def close(self) -> None:
        """End the process if it still runs, and let go of the pipes."""
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(5.0)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    # Reading

    def _wait_for(self, happened: Callable[[], bool], what: str, timeout: float) -> None:
        with self._changed:
            if self._changed.wait_for(lambda: happened() or self._ended, timeout) and happened():
                return
        state = "the server ended" if self._ended else f"{timeout} s passed"
        raise TimeoutError(f"{state} without {what}; stderr: {self.stderr[-2000:]}")

    def _read_stdout(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        length = -1
        while line := stream.readline():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            elif line == b"\r\n" and length >= 0:
                self._take(json.loads(stream.read(length)))
                length = -1
            else:
                self.not_protocol += line
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _read_stderr(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.stderr += line.decode(errors="replace")

    def _take(self, message: Message) -> None:
        now = time.perf_counter()
        with self._changed:
            if "method" not in message:
                msg_id = message["id"]
                if msg_id in self._waiting:
                    self._waiting.remove(msg_id)
                    self.received_at[msg_id] = now
                    self._responses[msg_id] = message
                else:
                    self.unasked.append(message)
            elif "id" in message:
                self.server_requests.append(message)
            else:
                self.notifications.append(message)
            self._changed.notify_all()
        if "method" in message and "id" in message:
            self._answer(message)

    def _answer(self, message: Message) -> None:
        method = message["method"]
        if self.answers.get(method) is NEVER:
            return
        reply: Message = {"jsonrpc": "2.0", "id": message["id"]}
        if method in self.answers:
            answer = self.answers[method]
            reply["result"] = answer(message.get("params")) if callable(answer) else answer
        else:
            reply["error"] = {"code": -32601, "message": f"This client has no method {method}."}
        with contextlib.suppress(OSError, ValueError):
            self.send(reply)
