"""Asks whether a prompt's KV rows and logits are the same bits however it was cut.

The prefix cache rests on it: a warm answer equals a cold one, token for token.

PYTHONPATH=onnx_models python -m recipe.export.exactness EXPORT_DIR tokenizer.json SOURCE.py
"""

import argparse
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from recipe.export.runner import Runner
from sotto_models.preparing.external_data import GRAPH_NAME

_LENGTHS = (300, 1000)
_TAIL = 10


def chunkings(length: int) -> Iterator[tuple[str, list[int]]]:
    """Named ways of cutting `length` tokens; all but the last have no chunk of a single token."""
    yield "whole", [length]
    for seed in range(3):
        yield f"random 2-80, seed {seed}", _random_cut(length, random.Random(seed))
    for size in (2, 3, 4, 5, 8, 16, 63):
        yield f"slices of {size}", even_cut(length, size)
    yield f"slices of 64, then {_TAIL} single tokens", [*even_cut(length - _TAIL, 64), *[1] * _TAIL]


def even_cut(length: int, size: int) -> list[int]:
    sizes = [min(size, length - start) for start in range(0, length, size)]
    if len(sizes) > 1 and sizes[-1] == 1:
        sizes[-2:] = [size + 1]
    return sizes


def run(
    runner: Runner, input_ids: list[int], sizes: list[int], rerun_previous: bool = False
) -> list[NDArray[np.float32]]:
    """The last logits and the KV rows; `rerun_previous` runs a single token together with the one before."""
    for buffer in runner.buffers.values():
        buffer[:] = np.nan  # a row that is read before it is written shows
    logits = np.empty((0, 0), np.float32)
    for start, size in zip(itertools.accumulate(sizes, initial=0), sizes, strict=False):
        first = start - 1 if rerun_previous and size == 1 and start > 0 else start
        logits = runner.forward(input_ids[first : start + size], first)
    return [logits.copy(), *(buffer[:, :, : len(input_ids)].copy() for buffer in runner.buffers.values())]


def verified_alike(runner: Runner, input_ids: list[int], num_drafted: int) -> bool:
    """Whether a pass that returns many logits gives each the bits of a two-row pass that returns one."""
    start = len(input_ids) - num_drafted
    many = runner.forward(input_ids[start:], start, num_logits=num_drafted).copy()
    ones = [runner.forward(input_ids[row - 1 : row + 1], row - 1)[0].copy() for row in range(start, len(input_ids))]
    return np.array_equal(many, np.stack(ones))


def same_bits(left: list[NDArray[np.float32]], right: list[NDArray[np.float32]]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def _random_cut(length: int, generator: random.Random) -> list[int]:
    sizes: list[int] = []
    while (left := length - sum(sizes)) > 0:
        size = min(generator.randint(2, 80), left)
        sizes.append(left if left - size == 1 else size)
    return sizes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export_dir", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("source", type=Path, help="a source file of at least 1,000 tokens")
    options = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(options.tokenizer))
    text = options.source.read_text(encoding="utf-8")
    input_ids = tokenizer.encode(text, add_special_tokens=False).ids
    runners = {threads: Runner(options.export_dir / GRAPH_NAME, threads) for threads in (1, 2)}
    for length in _LENGTHS:
        ids = input_ids[:length]
        base = run(runners[1], ids, even_cut(length, 64))
        for threads, runner in runners.items():
            print(f"\n{length} tokens, {threads} threads, against slices of 64 on one thread")
            for name, sizes in chunkings(length):
                print(f"  {name}: {same_bits(run(runner, ids, sizes), base)}")
            rerun = run(runner, ids, [2, *[1] * (length - 2)], rerun_previous=True)
            print(f"  token by token, each with the one before it: {same_bits(rerun, base)}")
            for num_drafted in (2, 3, 5, 8, 17):
                alike = verified_alike(runner, ids, num_drafted)
                print(f"  {num_drafted} logits in one pass, each as by itself: {alike}")


if __name__ == "__main__":
    main()
