"""What the server itself takes of a keystroke, by the size of the document, and whether its memory grows.

    make bench NAME=server

A key's share is the time from sending it to the answer, less the engine's. 500 other documents are
open.
"""

import argparse
import statistics
import sys
from pathlib import Path

import psutil

from benchmarks.replay import Result, Source, read_metrics, send
from e2e.raw_client import RawClient

LINES = (100, 1_000, 10_000, 50_000)
NUM_OTHERS = 500
_NUM_UNCOUNTED = 5
"""Keys in which the model is loaded, the 500 documents are read and code runs for the first time."""
_LINE = "x[0] = f(y, offset=1)\n"
_TYPED = "result = [item for item in values if item is not None]\n" * 4


def document(num_lines: int) -> Source:
    """So many lines, and in their middle a place to type in."""
    half = num_lines // 2
    head = "".join(f"{_LINE.replace('offset=1', f'offset={number}')}" for number in range(half))
    tail = _LINE * (num_lines - half)
    start = len(head)
    return Source(f"file:///{num_lines}.py", head + _TYPED + tail, slice(start, start + len(_TYPED)))


def shares(client: RawClient, file: Source, num_keys: int) -> list[float]:
    """Milliseconds a key that were not the engine's, for keys that the model was asked for."""
    client.open(file.uri, file.before + file.after)
    for _ in range(_NUM_UNCOUNTED):
        send(client, file, file.press(""), Result())
    found: list[float] = []
    for _ in range(num_keys):
        before, result = read_metrics(client), Result()
        send(client, file, file.press(""), result)
        after = read_metrics(client)
        if after["num_completions"] > before["num_completions"]:
            found.append(result.latencies_ms[0] - (after["engine_ms"] - before["engine_ms"]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000, help="for the memory")
    parser.add_argument("--keys", type=int, default=150, help="a document")
    options = parser.parse_args()
    with RawClient.start([sys.executable, "-m", "sotto_lsp", "serve"]) as client:
        client.initialize(initializationOptions={"budgetMs": 60_000, "lookAhead": "off"})
        own = Path(__file__).read_text(encoding="utf-8")
        for number in range(NUM_OTHERS):
            client.open(f"file:///other{number}.py", own)
        print("| lines | server's share p50 ms | p95 ms |\n|---|---|---|")
        for num_lines in LINES:
            found = shares(client, document(num_lines), options.keys)
            percent = statistics.quantiles(found, n=100)
            print(f"| {num_lines:,} | {percent[49]:.2f} | {percent[94]:.2f} |", flush=True)
        process, file = psutil.Process(client.process.pid), document(400)
        client.open(file.uri, file.before + file.after)
        print("\n| requests | resident MB |\n|---|---|")
        for number in range(options.requests + 1):
            if number % max(1, options.requests // 5) == 0:
                print(f"| {number:,} | {process.memory_info().rss / 1e6:.1f} |", flush=True)
            if file.typed == len(_TYPED):
                file.typed = 0
                file.version += 1
                client.change(file.uri, file.version, {"text": file.before + file.after})
            send(client, file, file.press(""), Result())
        client.end()
