"""What a second window costs in memory and in time, with and without shared weights, in real processes.

    make bench-second-window MODEL=DIR

Each loads the engine as the server does and stays alive to the end. Rounds are timed in turn, in a window with
weights of its own and in one that shares them: the ratio is what counts. Linux only.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sotto_engine.cancel import CancelFlag
from sotto_engine.engine import EngineOptions
from sotto_engine.loading import load_engine
from sotto_engine.model.probe import some_tokens
from sotto_engine.model_files.packed_graph import packed_size

NUM_PREFILLED, SLICE, NUM_DECODED = 512, 64, 32


def serve(directory: Path, *, shares: bool) -> None:
    """A window: says what loading took, then times a round for each line on stdin, and at `memory` what it has."""
    start = time.perf_counter()
    engine, _ = load_engine(directory, EngineOptions(share_weights=shares or None, num_threads=2))
    _say(load_s=time.perf_counter() - start)
    token_ids = some_tokens(NUM_PREFILLED)
    for line in sys.stdin:
        if line.strip() == "memory":
            _say(**_memory())
            continue
        cache = engine.model.new_cache()
        start = time.perf_counter()
        for at in range(0, NUM_PREFILLED, SLICE):
            engine.model.forward(cache, token_ids[at : at + SLICE], CancelFlag())
        prefilled = time.perf_counter()
        for token_id in token_ids[:NUM_DECODED]:
            engine.model.forward(cache, [token_id], CancelFlag())
        decoded = time.perf_counter()
        _say(prefill_s=prefilled - start, decode_s=decoded - prefilled)


def _say(**figures: float) -> None:
    print(json.dumps(figures), flush=True)


def _memory() -> dict[str, float]:
    """Megabytes that this process has for itself, and together with others."""
    sizes = {"private": 0.0, "shared": 0.0}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        kind = line.split("_")[0].lower()
        if kind in sizes and "Hugetlb" not in line:
            sizes[kind] += int(line.split()[1]) * 1024 / 1e6
    return sizes


class Window:
    """A process of its own with the engine in it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.load_s = self._read()["load_s"]

    def ask(self, what: str) -> dict[str, float]:
        assert self._process.stdin is not None
        print(what, file=self._process.stdin, flush=True)
        return self._read()

    def _read(self) -> dict[str, float]:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def started(arguments: list[str], env: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-m", *arguments], env=env, text=True, **pipes) as process:
        yield process


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="a large model's folder")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--window", choices=("own", "shared"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.window:
        serve(options.model, shares=options.window == "shared")
        return
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        env = os.environ | {"XDG_CACHE_HOME": home}

        def open_window(kind: str) -> Window:
            arguments = ["benchmarks.second_window", str(options.model), "--window", kind]
            return Window(stack.enter_context(started(arguments, env)))

        own = [open_window("own") for _ in range(2)]
        root = Path(home) / "sotto" / "packed"
        start = time.perf_counter()
        with started(["sotto_engine.model.packing", str(root), str(options.model)], env) as packing:
            assert packing.stdout is not None
            print(packing.stdout.read().strip())
        nbytes = packed_size(root)[1]
        print(
            f"Written in {time.perf_counter() - start:.1f} s at the lowest priority: {nbytes / 1e6:.0f} MB.\n"
        )
        shared = [open_window("shared") for _ in range(2)]
        rounds = [(own[0].ask("round"), shared[0].ask("round")) for _ in range(options.rounds + 1)][1:]
        for window in (own[1], shared[1]):
            window.ask("round")  # its memory has been used, too
        print_tables({"own": own, "shared": shared}, rounds)


def print_tables(
    kinds: dict[str, list[Window]], rounds: list[tuple[dict[str, float], dict[str, float]]]
) -> None:
    print("| weights | window | private MB | shared MB | loaded in s |\n|---|---|---|---|---|")
    for kind, windows in kinds.items():
        for number, window in enumerate(windows, 1):
            memory = window.ask("memory")
            print(
                f"| {kind} | {number} | {memory['private']:.0f} | {memory['shared']:.0f} | {window.load_s:.2f} |"
            )
    print("\n| | own, best | shared, best | shared / own, median (quarters) |\n|---|---|---|---|")
    for name, unit, key, amount in (
        ("prefill", "tok/s", "prefill_s", NUM_PREFILLED),
        ("decode", "tok/s", "decode_s", NUM_DECODED),
    ):
        own, shared = ([amount / pair[side][key] for pair in rounds] for side in (0, 1))
        ratios = [b / a for a, b in zip(own, shared, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(
            f"| {name}, {unit} | {max(own):.0f} | {max(shared):.0f} | {middle:.2f} ({low:.2f} to {high:.2f}) |"
        )


if __name__ == "__main__":
    main()
