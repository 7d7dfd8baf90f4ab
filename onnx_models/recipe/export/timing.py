"""Measures exports: load time in fresh processes, passes and prefill in one process, variants interleaved.

Passes are taken in runs of ten of one variant, as a decode makes them: alternating with every pass would
time how the variants push each other out of the processor's cache. Two intra-op threads that do not spin
between passes; medians. On a shared machine compare within one run only.
"""

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from recipe.export.runner import Runner

CONTEXT = 1024
PASS_SIZES = (1, 2, 4, 8)
PREFILL_SIZES = (512, 1024)
_NUM_THREADS = 2
_PASS_ROUNDS = 8
_PASSES_A_ROUND = 10
_PREFILL_ROUNDS = 5

_LOAD_SCRIPT = """
import sys, time
from pathlib import Path
from recipe.export.runner import open_session
start = time.perf_counter()
open_session(Path(sys.argv[1]), 2)
print(1000 * (time.perf_counter() - start))
"""


@dataclass(frozen=True)
class Speed:
    """pass_ms: by tokens a pass, after CONTEXT tokens; prefill_rate: tokens a second by prompt length."""

    pass_ms: dict[int, float]
    prefill_rate: dict[int, float]


def measure_load_ms(paths: dict[str, Path], rounds: int = 7) -> dict[str, float]:
    """Median time to open a session, each in a process of its own, interleaved; the file cache is warm."""
    samples: dict[str, list[float]] = {name: [] for name in paths}
    for _ in range(rounds):
        for name, path in paths.items():
            command = [sys.executable, "-c", _LOAD_SCRIPT, str(path)]
            printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            samples[name].append(float(printed))
    return {name: statistics.median(times) for name, times in samples.items()}


def measure_speeds(paths: dict[str, Path], input_ids: list[int]) -> dict[str, Speed]:
    """Speed of every variant on the same ids, of which CONTEXT + 8 are used."""
    runners = {name: Runner(path, _NUM_THREADS) for name, path in paths.items()}
    prefill: dict[tuple[str, int], list[float]] = {}
    for _ in range(_PREFILL_ROUNDS):
        for size in PREFILL_SIZES:  # the longest last: its rows are the passes' context
            for name, runner in runners.items():
                start = time.perf_counter()
                runner.prefill(input_ids[:size])
                prefill.setdefault((name, size), []).append(time.perf_counter() - start)
    passes: dict[tuple[str, int], list[float]] = {}
    for _ in range(_PASS_ROUNDS):
        for size in PASS_SIZES:
            for name, runner in runners.items():
                for _ in range(_PASSES_A_ROUND):
                    start = time.perf_counter()
                    runner.forward(input_ids[CONTEXT : CONTEXT + size], CONTEXT, num_logits=size)
                    passes.setdefault((name, size), []).append(time.perf_counter() - start)
    return {
        name: Speed(
            pass_ms={size: 1000 * statistics.median(passes[name, size]) for size in PASS_SIZES},
            prefill_rate={size: size / statistics.median(prefill[name, size]) for size in PREFILL_SIZES},
        )
        for name in paths
    }
