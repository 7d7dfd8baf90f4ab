"""500 keystrokes on real files, over stdio, one request a key: what a person waits, what it costs.

    make bench NAME=replay [ARGS="--order anchored --json"]

Types parts of four files of the standard library back into them, a stretch in each in turn, with mistakes and
backspaces. Every key sends didChange and inlineCompletion and waits for the answer.
"""

import argparse
import inspect
import json
import random
import statistics
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.energy import EnergyMeter
from e2e.raw_client import RawClient

NUM_KEYSTROKES = 500
_STRETCH = 25
"""Keys in one file before the next one's turn."""
_HOLE_CHARS = 400
_MISTAKES = 0.04


@dataclass
class Source:
    """A file with a hole, and how much of the hole has been typed; `wrong` is a mistake at the cursor."""

    uri: str
    text: str
    hole: slice
    version: int = 1
    typed: int = 0
    wrong: str = ""

    @classmethod
    def of(cls, module: object, where: float) -> "Source":
        path = Path(inspect.getsourcefile(module) or "")  # type: ignore[arg-type]
        text = path.read_text(encoding="utf-8")
        start = text.index("\n    def ", int(len(text) * where)) + 1
        return cls(f"file:///{path.name}", text, slice(start, start + _HOLE_CHARS))

    @property
    def before(self) -> str:
        return self.text[: self.hole.start + self.typed] + self.wrong

    @property
    def after(self) -> str:
        """Below the cursor's line: words to the right would be a reason for silence."""
        return "\n" + self.text[self.hole.stop :]

    @property
    def cursor(self) -> dict[str, int]:
        lines = self.before.split("\n")
        return {"line": len(lines) - 1, "character": len(lines[-1])}

    def press(self, key: str) -> dict[str, Any]:
        """Type a key of `keystrokes`; the change as the protocol has it."""
        self.version += 1
        start, text = self.cursor, key
        if key == "\b":
            self.wrong = ""
            return {"range": {"start": self.cursor, "end": start}, "text": ""}
        if key:
            self.wrong = key
        else:
            text = self.text[self.hole.start + self.typed]
            self.typed += 1
        return {"range": {"start": start, "end": start}, "text": text}


@dataclass
class Result:
    """What a replay measured; latencies in milliseconds."""

    latencies_ms: list[float] = field(default_factory=list)
    num_requests: int = 0
    num_answers: int = 0
    num_shown: int = 0
    first_suggestion_ms: float = 0.0
    initialize_ms: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    joules: float | None = None
    """Of the whole machine; None where it cannot be read."""

    def report(self) -> dict[str, Any]:
        """The figures of docs/benchmarks.md."""
        latencies = sorted(self.latencies_ms)
        percent = statistics.quantiles(latencies, n=100)
        metrics = self.metrics
        return {
            "keystrokes": len(latencies),
            "requests": self.num_requests,
            "answers": self.num_answers,
            "suggestions shown": self.num_shown,
            "answered without the model": round(metrics["num_from_last_suggestion"]),
            "key to answer p50 ms": round(percent[49], 2),
            "key to answer p90 ms": round(percent[89], 2),
            "key to answer p95 ms": round(percent[94], 2),
            "key to answer max ms": round(latencies[-1], 2),
            "prompt tokens from the cache": round(metrics["num_cached_tokens"] / metrics["num_prompt_tokens"], 4),
            "tokens computed a model run": round(
                (metrics["num_prompt_tokens"] - metrics["num_cached_tokens"]) / metrics["num_completions"], 2
            ),
            "CPU seconds a keystroke": round(metrics["cpu_seconds"] / len(latencies), 5),
            "joules a keystroke": "unknown" if self.joules is None else round(self.joules / len(latencies), 3),
            "peak memory MB": round(metrics["peak_memory_nbytes"] / 1e6, 1),
            "start to initialize answered ms": round(self.initialize_ms, 1),
            "start to first suggestion ms": round(self.first_suggestion_ms, 1),
        }


def sources() -> list[Source]:
    return [
        Source.of(json.decoder, 0.5),
        Source.of(random, 0.3),
        Source.of(threading, 0.5),
        Source.of(argparse, 0.4),
    ]


def keystrokes(num: int, seed: int = 1) -> Iterator[tuple[int, str]]:
    """`(file, key)`: "" types what comes next, a character is a mistake, a backspace takes it away again."""
    dice = random.Random(seed)
    number = sent = 0
    while sent < num:
        if sent % _STRETCH == 0:
            number = (sent // _STRETCH) % 4
        if dice.random() < _MISTAKES and sent + 2 <= num:
            yield number, dice.choice("xqz")
            yield number, "\b"
            sent += 2
        else:
            yield number, ""
            sent += 1


def replay(num_keystrokes: int = NUM_KEYSTROKES, settings: dict[str, Any] | None = None) -> Result:
    """Run the whole session on a fresh server."""
    result = Result()
    files = sources()
    started = time.perf_counter()
    with RawClient.start([sys.executable, "-m", "sotto_lsp", "serve"]) as client:
        client.initialize(initializationOptions=settings or {})
        result.initialize_ms = (time.perf_counter() - started) * 1000
        for file in files:
            client.open(file.uri, file.before + file.after)
        _ask(client, files[0], Result())
        result.first_suggestion_ms = (time.perf_counter() - started) * 1000
        before = read_metrics(client)
        meter = EnergyMeter()
        for number, key in keystrokes(num_keystrokes):
            send(client, files[number], files[number].press(key), result)
        result.joules = meter.joules()
        after = read_metrics(client)
        result.metrics = {name: after[name] - before[name] for name in after} | {
            "peak_memory_nbytes": after["peak_memory_nbytes"]
        }
        assert client.unasked == [], "a request was answered twice"
        assert client.end() == 0
    return result


def send(client: RawClient, file: Source, change: dict[str, Any], result: Result) -> None:
    """Send a key to the server and wait for its suggestion."""
    _ask(client, file, result, change)


def _ask(client: RawClient, file: Source, result: Result, change: dict[str, Any] | None = None) -> None:
    params = {
        "textDocument": {"uri": file.uri},
        "position": file.cursor,  # counts the lines of the whole document: not part of the time
        "context": {"triggerKind": 2},
    }
    start = time.perf_counter()
    if change is not None:
        client.change(file.uri, file.version, change)
    msg_id = client.send_request("textDocument/inlineCompletion", params)
    result.num_requests += 1
    response = client.wait(msg_id, timeout=60)
    result.num_answers += 1
    result.latencies_ms.append((client.received_at[msg_id] - start) * 1000)
    result.num_shown += bool(response["result"]["items"])


def read_metrics(client: RawClient) -> dict[str, float]:
    return client.result("workspace/executeCommand", {"command": "sotto.metrics"})


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--order", default="", help="suffix-first or anchored; the model's own without it")
    parser.add_argument("--keystrokes", type=int, default=NUM_KEYSTROKES)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    report = replay(arguments.keystrokes, {"fimOrder": arguments.order}).report()
    if arguments.json:
        print(json.dumps(report, indent=2))
        return
    for name, value in report.items():
        print(f"| {name} | {value} |")
