"""The same keystrokes on Sotto and on llama-server with llama.vim's settings, turn by turn, on the same weights.

    make bench NAME=llama ARGS="--llama-server PROGRAM --gguf FILE [--model DIR]"

Both servers run on the same number of threads and make at most so many new tokens a key, sure of them or not. Keys
that type along the suggestion on Sotto's screen are left out: neither plugin runs its model then. The edits of
traces.py follow, a row each; `--plot FILE` draws how many keys were answered by when.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil

from benchmarks.keyboard import Buffer, Keyboard
from benchmarks.llama.llama_server import LlamaServer
from benchmarks.replay import Result, Source, keystrokes, read_metrics, send, sources
from benchmarks.traces import TRACES, buffers
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
        client.open(file.uri, file.before + file.after)
    for number, (which, key) in enumerate(keystrokes(num_keys)):
        file = files[which]
        change = file.press(key)
        key_sotto, key_peer = Side(), Side()
        asks = [
            lambda file=file, change=change, side=key_sotto: _ask_sotto(client, file, change, side),
            lambda file=file, side=key_peer: _ask_llama(llama, file.before, file.after, num_tokens, side),
        ]
        for ask in asks if number % 2 else reversed(asks):
            ask()
        if key_sotto.latencies_ms:
            sotto.add(key_sotto)
            peer.add(key_peer)
    return sotto, peer


TRACE_HEAD = (
    "| | keys | Sotto p50 ms | p95 ms | llama-server p50 ms | p95 ms | key by key: median | its quarters |\n"
    "|---|---|---|---|---|---|---|---|"
)


class KeyboardOfBoth(Keyboard):
    """Each key goes to Sotto, then to llama-server with the same text."""

    def __init__(self, client: RawClient, llama: LlamaServer, buffers: list[Buffer], num_tokens: int) -> None:
        """As Keyboard; llama-server sees each file once before, too."""
        self.pairs: list[tuple[float, float]] = []
        """Milliseconds of Sotto and llama-server, of keys that Sotto's model was asked for."""
        self._llama, self._num_tokens = llama, num_tokens
        super().__init__(client, buffers)
        self.pairs.clear()

    def _ask(self, change: dict[str, Any] | None) -> None:
        num_asked = len(self.presses.num_prompt)
        super()._ask(change)
        peer, buffer = Side(), self.buffer
        _ask_llama(self._llama, buffer.text[: buffer.cursor], buffer.text[buffer.cursor :], self._num_tokens, peer)
        if len(self.presses.num_prompt) > num_asked:
            self.pairs.append((self.presses.latencies_ms[-1], peer.latencies_ms[0]))


def trace_row(name: str, pairs: list[tuple[float, float]]) -> str:
    sides = [statistics.quantiles(side, n=20, method="inclusive") for side in zip(*pairs, strict=True)]
    low, middle, high = statistics.quantiles([a / b for a, b in pairs], n=4, method="inclusive")
    cells = [f"{ms:.1f}" for side in sides for ms in (side[9], side[18])]
    return " | ".join([f"| {name}", str(len(pairs)), *cells, f"{middle:.2f}", f"{low:.2f} to {high:.2f} |"])


def draw(sides: dict[str, list[float]], path: Path) -> None:
    """The share of keys (in %) that each server had answered after so many milliseconds."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3.5))
    for name, latencies in sides.items():
        shares = [100 * (number + 1) / len(latencies) for number in range(len(latencies))]
        axes.step(sorted(latencies), shares, where="post", label=name)
    axes.set(xscale="log", xlabel="milliseconds from key to answer", ylabel="keys answered, %", ylim=(0, 100))
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend(loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, bbox_inches="tight")


def _ask_sotto(client: RawClient, file: Source, change: dict[str, Any], side: Side) -> None:
    """Adds nothing to `side` where no model was run."""
    before, result = read_metrics(client), Result()
    send(client, file, change, result)
    after = read_metrics(client)
    used = {name: after[name] - before[name] for name in _COUNTED}
    if used["num_completions"]:
        side.latencies_ms += result.latencies_ms
        side.num_prompt.append(used["num_prompt_tokens"])
        side.num_computed.append(used["num_prompt_tokens"] - used["num_cached_tokens"])
        side.num_new.append(used["num_new_tokens"])
        side.cpu_seconds += used["cpu_seconds"]


def _ask_llama(llama: LlamaServer, prefix: str, suffix: str, num_tokens: int, side: Side) -> None:
    before, start = llama.cpu_seconds, perf_counter()
    answer = llama.infill(prefix, suffix, num_tokens)
    side.latencies_ms.append((perf_counter() - start) * 1000)
    side.cpu_seconds += llama.cpu_seconds - before
    side.num_prompt.append(answer.num_prompt_tokens)
    side.num_computed.append(answer.num_computed_tokens)
    side.num_new.append(answer.num_new_tokens)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llama-server", type=Path, required=True, help="a built llama-server")
    parser.add_argument("--gguf", type=Path, required=True, help="the weights for it (see recipe.export.gguf)")
    parser.add_argument("--model", default="", help="Sotto's model folder; the embedded one by default")
    parser.add_argument("--order", default="", help="Sotto's FIM order, where not the model's own")
    parser.add_argument("--keystrokes", type=int, default=300)
    parser.add_argument("--no-traces", action="store_true", help="without the edits of traces.py")
    parser.add_argument("--plot", type=Path, help="a PNG of the keystrokes' times")
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
        "standIn": False,
    }
    _print_keystrokes(options, settings)
    if not options.no_traces:
        _print_traces(options, settings)


@contextmanager
def _both_servers(options: argparse.Namespace, settings: dict[str, Any]) -> Generator[tuple[RawClient, LlamaServer]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        LlamaServer.start(options.llama_server, options.gguf, options.threads, Path(folder) / "log") as llama,
        RawClient.start([sys.executable, "-m", "sotto_lsp", "serve"]) as client,
    ):
        client.initialize(initializationOptions=settings)
        yield client, llama
        client.end()


def _print_keystrokes(options: argparse.Namespace, settings: dict[str, Any]) -> None:
    with _both_servers(options, settings) as (client, llama):
        sotto, peer = run(client, llama, options.keystrokes, options.tokens)
    print(f"{len(sotto.latencies_ms)} keys, {options.threads} threads, up to {options.tokens} new tokens a key\n")
    print(HEAD)
    print(sotto.row("Sotto"))
    print(peer.row("llama-server as llama.vim asks"))
    ratios = [a / b for a, b in zip(sotto.latencies_ms, peer.latencies_ms, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(f"\nSotto / llama-server, key by key: median {middle:.2f}, half of the keys {low:.2f} to {high:.2f}")
    if options.plot:
        draw({"Sotto": sotto.latencies_ms, "llama-server": peer.latencies_ms}, options.plot)


def _print_traces(options: argparse.Namespace, settings: dict[str, Any]) -> None:
    print(f"\n{TRACE_HEAD}")
    for name, trace in TRACES.items():
        with _both_servers(options, settings) as (client, llama):
            keyboard = KeyboardOfBoth(client, llama, buffers(), options.tokens)
            trace(keyboard)
        print(trace_row(name, keyboard.pairs), flush=True)
