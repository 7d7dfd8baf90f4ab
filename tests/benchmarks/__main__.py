"""Benchmarks by name; docs/benchmarks.md explains their figures.

make bench [NAME=NAME] [ARGS="..."]        or        PYTHONPATH=tests:onnx_models python -m benchmarks [NAME ...]
"""

import argparse
import importlib
import sys
from typing import NamedTuple


class Benchmark(NamedTuple):
    """Where its `main` is, what it measures, and the options it cannot run without."""

    module: str
    measures: str
    needs: str = ""


BENCHMARKS = {
    "replay": Benchmark("replay", "500 keystrokes on real files: time, processor, cache and memory"),
    "traces": Benchmark("traces", "one kind of edit after the other: time and what is computed again"),
    "server": Benchmark("server", "the server's own share of a key, and its memory over 10,000 requests"),
    "shown": Benchmark(
        "shown.accepting", "what is shown and accepted on unseen files: broken, twice, right, indented"
    ),
    "slow": Benchmark("slow", "a slowed machine: what is in time at new places, and who answers", "MODEL_DIR"),
    "first-key": Benchmark("first_key", "the first key in a file, its prompt prefetched and not"),
    "actions": Benchmark(
        "actions", "code actions on faults planted in code the model has not seen", "--held-out FILE"
    ),
    "llama": Benchmark(
        "llama.keystrokes", "the same keys on llama-server, in turn", "--llama-server PROGRAM --gguf FILE"
    ),
    "raw": Benchmark(
        "llama.raw_speed",
        "prefill and decode alone, next to llama-bench",
        "MODEL_DIR... --llama-bench PROGRAM --gguf FILE",
    ),
    "checkpoint": Benchmark(
        "llama.random_checkpoint",
        "nothing: writes a checkpoint of Qwen2.5-Coder's shape with random weights, for llama and raw",
        "SHAPE TOKENIZER_DIR OUTPUT_DIR",
    ),
}
BY_DEFAULT = (["replay"], ["traces", "--order", "suffix-first"], ["traces", "--order", "anchored"])


def main() -> None:
    """Run the named benchmark with its options, or those of `make bench`."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] in BENCHMARKS:
        run(*arguments)
        return
    parser = argparse.ArgumentParser(
        prog="benchmarks",
        description=__doc__,
        epilog="\n".join(map(_row, BENCHMARKS)) + "\n\nbenchmarks NAME --help lists a benchmark's options.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = f"one of these; {', then '.join(map(' '.join, BY_DEFAULT))} without it"
    parser.add_argument("name", nargs="?", choices=BENCHMARKS, metavar="NAME", help=names)
    parser.parse_args(arguments)
    for each in BY_DEFAULT:
        print(f"\n{' '.join(each)}:\n", flush=True)
        run(*each)


def run(name: str, *arguments: str) -> None:
    """One benchmark; it reads its options from `sys.argv`."""
    sys.argv = [f"benchmarks {name}", *arguments]
    importlib.import_module(f"benchmarks.{BENCHMARKS[name].module}").main()


def _row(name: str) -> str:
    benchmark = BENCHMARKS[name]
    needs = f"\n{'':14}needs {benchmark.needs}" if benchmark.needs else ""
    return f"  {name:12}{benchmark.measures}{needs}"


if __name__ == "__main__":
    main()
