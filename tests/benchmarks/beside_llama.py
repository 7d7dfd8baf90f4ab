"""The same keystrokes on Sotto and on llama-server with llama.vim's settings, turn by turn, on the same weights.

    make bench-llama LLAMA_SERVER=PROGRAM GGUF=FILE [MODEL=DIR]

Both servers run on the same number of threads and make at most so many new tokens a key, sure of them or not. Keys
that type along the suggestion on Sotto's screen are left out: neither plugin asks its model then.
"""

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil

from benchmarks.llama_server import LlamaServer
from benchmarks.replay import Result, Source, keystrokes, metrics_of, send, sources
from e2e.raw_client import RawClient


@dataclass
class Side:
    """One server's figures, a number a key."""

    latencies_ms: list[float] = field(default_factory=list)
    num_computed: list[float] = field(default_factory=list)
    num_prompt: list[float] = field(default_factory=list)
    num_new: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0

    def add(self, other: "Side") -> None:
        self.latencies_ms += other.latencies_ms
        self.num_computed += other.num_computed
        self.num_prompt += other.num_prompt
        self.num_new += other.num_new
        self.cpu_seconds += other.cpu_seconds

    def row(self, name: str) -> str:
        percent = statistics.quantiles(self.latencies_ms, n=100)
        cells = [percent[49], percent[89], percent[94], max(self.latencies_ms)]
        means = [statistics.mean(column) for column in (self.num_computed, self.num_new)]
        cached = 1 - sum(self.num_computed) / sum(self.num_prompt)
        computed95 = statistics.quantiles(self.num_computed, n=100)[94]
        cpu_ms = self.cpu_seconds / len(self.latencies_ms) * 1000
        shown = [*(f"{cell:.1f}" for cell in cells), f"{means[0]:.1f}", f"{computed95:.0f}", f"{cached:.1%}"]
        return " | ".join([f"| {name}", *shown, f"{means[1]:.1f}", f"{cpu_ms:.1f} |"])


HEAD = (
    "| | p50 ms | p90 ms | p95 ms | max ms | computed | its p95 | from the cache | new | CPU ms a key |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)
_COUNTED = ("num_prompt_tokens", "num_cached_tokens", "num_new_tokens", "num_completions", "cpu_seconds")


def run(client: RawClient, llama: LlamaServer, num_keys: int, num_tokens: int) -> tuple[Side, Side]:
    """Press the keys, each on both servers; which of them is asked first changes from key to key."""
    sotto, peer = Side(), Side()
    files = sources()
    for file in files:
        client.open(file.uri, file.before + file.behind)
    for number, (which, key) in enumerate(keystrokes(num_keys)):
        file = files[which]
        change = file.press(key)
        key_sotto, key_peer = Side(), Side()
        asks = [
            lambda file=file, change=change, side=key_sotto: _ask_sotto(client, file, change, side),
            lambda file=file, side=key_peer: _ask_llama(llama, file, num_tokens, side),
        ]
        for ask in asks if number % 2 else reversed(asks):
            ask()
        if key_sotto.latencies_ms:
            sotto.add(key_sotto)
            peer.add(key_peer)
    return sotto, peer


def _ask_sotto(client: RawClient, file: Source, change: dict[str, Any], side: Side) -> None:
    """Adds nothing to `side` where no model was run."""
    before, result = metrics_of(client), Result()
    send(client, file, change, result)
    after = metrics_of(client)
    used = {name: after[name] - before[name] for name in _COUNTED}
    if used["num_completions"]:
        side.latencies_ms += result.latencies_ms
        side.num_prompt.append(used["num_prompt_tokens"])
        side.num_computed.append(used["num_prompt_tokens"] - used["num_cached_tokens"])
        side.num_new.append(used["num_new_tokens"])
        side.cpu_seconds += used["cpu_seconds"]


def _ask_llama(llama: LlamaServer, file: Source, num_tokens: int, side: Side) -> None:
    before, start = llama.cpu_seconds, perf_counter()
    answer = llama.infill(file.before, file.behind, num_tokens)
    side.latencies_ms.append((perf_counter() - start) * 1000)
    side.cpu_seconds += llama.cpu_seconds - before
    side.num_prompt.append(answer.num_prompt_tokens)
    side.num_computed.append(answer.num_computed_tokens)
    side.num_new.append(answer.num_new_tokens)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--llama-server", type=Path, required=True, help="a built llama-server")
    parser.add_argument("--gguf", type=Path, required=True, help="the weights for it (see recipe.gguf)")
    parser.add_argument("--model", default="", help="Sotto's model folder; the embedded one by default")
    parser.add_argument("--order", default="", help="Sotto's FIM order, where not the model's own")
    parser.add_argument("--keystrokes", type=int, default=300)
    parser.add_argument("--tokens", type=int, default=8, help="new tokens a key")
    parser.add_argument("--threads", type=int, default=psutil.cpu_count(logical=False) or 1)
    options = parser.parse_args()
    settings = {
        "model": options.model,
        "fimOrder": options.order,
        "threads": options.threads,
        "maxTokens": options.tokens,
        "minProbability": 0,
        "budgetMs": 60_000,
        "lookAhead": "off",
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        LlamaServer.start(options.llama_server, options.gguf, options.threads, Path(folder) / "log") as llama,
        RawClient.start([sys.executable, "-m", "sotto_lsp", "serve"]) as client,
    ):
        client.initialize(initializationOptions=settings)
        sotto, peer = run(client, llama, options.keystrokes, options.tokens)
        client.end()
    print(
        f"{len(sotto.latencies_ms)} keys, {options.threads} threads, up to {options.tokens} new tokens a key\n"
    )
    print(HEAD)
    print(sotto.row("Sotto"))
    print(peer.row("llama-server as llama.vim asks"))
    ratios = [a / b for a, b in zip(sotto.latencies_ms, peer.latencies_ms, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(
        f"\nSotto / llama-server, key by key: median {middle:.2f}, half of the keys {low:.2f} to {high:.2f}"
    )


if __name__ == "__main__":
    main()
