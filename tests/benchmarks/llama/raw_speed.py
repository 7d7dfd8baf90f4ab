"""Prefill and decode of model folders next to llama-bench: no prompt, no server, no drafts.

    make bench NAME=raw ARGS="DIR ... --llama-bench PROGRAM --gguf FILE [--small-pages]"

Every round runs each in turn on the same number of threads. Another program on the machine can only slow a round
down, so the best of the rounds is printed next to the median; see docs/benchmarks.md.
"""

import argparse
import json
import statistics
import subprocess
import time
from collections import defaultdict
from pathlib import Path
from unittest.mock import patch

import numpy as np

from sotto_engine.cancel import CancelFlag
from sotto_engine.engine import PREFILL_SLICE
from sotto_engine.model import onnx_model
from sotto_engine.model.onnx_model import Model
from sotto_engine.model_files.export_folder import describe_model

NUM_PROMPT, NUM_DECODED, DEPTHS = 512, 32, (0, 512)
_SMALL_PAGES = ", small pages"
Rates = dict[tuple[str, int], float]
"""tokens a second, by what was done and how many tokens were in the cache before"""


def sotto_rates(model: Model) -> Rates:
    token_ids = np.random.default_rng(1).integers(1000, model.vocab_size, 2 * NUM_PROMPT).tolist()
    cache, rates = model.new_cache(), Rates()
    cache.reserve(2 * NUM_PROMPT + NUM_DECODED)
    for depth in DEPTHS:
        start = time.perf_counter()
        while (num_done := len(cache) - depth) < NUM_PROMPT:
            size = min(PREFILL_SLICE, NUM_PROMPT - num_done)
            model.forward(cache, token_ids[len(cache) : len(cache) + size], CancelFlag())
        rates["prefill", depth] = NUM_PROMPT / (time.perf_counter() - start)
    for depth in reversed(DEPTHS):
        cache.rewind(depth)
        start = time.perf_counter()
        for _ in range(NUM_DECODED):
            model.forward(cache, [7], CancelFlag())[0].argmax()
        rates["decode", depth] = NUM_DECODED / (time.perf_counter() - start)
    return rates


def llama_rates(program: Path, gguf: Path, num_threads: int) -> Rates:
    sizes = ["-p", str(NUM_PROMPT), "-n", str(NUM_DECODED), "-d", ",".join(map(str, DEPTHS)), "-ub", "1024"]
    command = [str(program), "-m", str(gguf), "-t", str(num_threads), *sizes, "-r", "1", "-o", "json"]
    tests = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {("prefill" if each["n_prompt"] else "decode", each["n_depth"]): each["avg_ts"] for each in tests}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+", help="model folders")
    parser.add_argument("--llama-bench", type=Path, required=True)
    parser.add_argument("--gguf", type=Path, required=True)
    parser.add_argument("--small-pages", action="store_true", help="also without huge pages")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    models = {}
    for folder in options.models:
        manifest = describe_model(folder)
        for suffix in ("", *([_SMALL_PAGES] if options.small_pages else [])):
            gather = (lambda: 0) if suffix else onnx_model.gather_in_huge_pages
            start = time.perf_counter()
            with patch.object(onnx_model, "gather_in_huge_pages", gather):
                models[folder.name + suffix] = Model(
                    manifest.graph_path,
                    2048,
                    options.threads,
                    manifest.head_dim,
                    is_large=manifest.is_large,  # as the server loads it
                )
            print(f"{folder.name}{suffix} loaded in {time.perf_counter() - start:.2f} s")
    rates: dict[str, dict[tuple[str, int], list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(options.rounds):
        measured = {name: sotto_rates(model) for name, model in models.items()}
        measured["llama.cpp"] = llama_rates(options.llama_bench, options.gguf, options.threads)
        for name, values in measured.items():
            for key, rate in values.items():
                rates[name][key].append(rate)
    for key in rates["llama.cpp"]:
        print(f"{key[0]} after {key[1]} tokens, tokens a second")
        other = rates["llama.cpp"][key]
        for name, by_key in rates.items():
            values = by_key[key]
            ratio = statistics.median(a / b for a, b in zip(values, other, strict=True))
            print(
                f"  {name:36} best {max(values):6.1f} ({max(values) / max(other):.2f} of llama.cpp's)   "
                f"median {statistics.median(values):6.1f}, round by round {ratio:.2f}"
            )
