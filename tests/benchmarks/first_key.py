"""The first key in a file, with its prompt prefetched and without, over stdio.

    make bench NAME=first-key [ARGS="--model DIR"]

Once at the end of a file that was opened, once after an edit for which nothing was asked.
"""

import argparse
import sys
import time

from benchmarks.replay import Source, read_metrics, sources
from e2e.raw_client import RawClient

_WAIT_S = 300.0


def first_key(arguments: list[str], source: Source, look_ahead: str, *, edits: bool) -> str:
    """A row of the table, from a fresh server."""
    settings = {"lookAhead": look_ahead, "budgetMs": 60_000, "maxTokens": 4, "warmStart": False}
    with RawClient.start([sys.executable, "-m", "sotto_lsp", "serve", *arguments]) as client:
        client.initialize(initializationOptions=settings)
        text = source.before + source.after
        lines = text.split("\n")
        cursor = {"line": len(lines) - 1, "character": len(lines[-1])}
        client.open("file:///other.py", "x = 1\n")
        _ask(client, "file:///other.py", {"line": 1, "character": 0})  # so that the model is loaded
        before = read_metrics(client)
        client.open(source.uri, text)
        if edits:
            client.change(source.uri, source.version + 1, source.press("x"))
            cursor = source.cursor
        deadline = time.monotonic() + _WAIT_S
        while look_ahead == "on" and read_metrics(client)["num_ahead_tokens"] == before["num_ahead_tokens"]:
            assert time.monotonic() < deadline, "nothing is prefetched"
            time.sleep(0.05)
        latency_ms = _ask(client, source.uri, cursor)
        metrics = read_metrics(client)
        client.end()
    num_prompt = metrics["num_prompt_tokens"] - before["num_prompt_tokens"]
    where = "after an edit" if edits else "at the end of an opened file"
    computed = num_prompt - (metrics["num_cached_tokens"] - before["num_cached_tokens"])
    return f"| {where} | {look_ahead} | {num_prompt:.0f} | {computed:.0f} | {latency_ms:.0f} |"


def _ask(client: RawClient, uri: str, cursor: dict[str, int]) -> float:
    """Milliseconds until an inline completion is answered."""
    params = {"textDocument": {"uri": uri}, "position": cursor, "context": {"triggerKind": 2}}
    start = time.perf_counter()
    client.result("textDocument/inlineCompletion", params, timeout=_WAIT_S)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="", help="a model's folder; the embedded one without it")
    options = parser.parse_args()
    arguments = ["--model", options.model] if options.model else []
    print("| first key | lookAhead | prompt tokens | computed for it | ms to the answer |\n|---|---|---|---|---|")
    for edits in (False, True):
        for look_ahead in ("off", "on"):
            print(first_key(arguments, sources()[3], look_ahead, edits=edits), flush=True)
