"""The same keystrokes on Sotto's engine and on onnxruntime-genai's loop with rewind, turn by turn, on the same graph.

    make bench-genai [BLOCK_SIZE=128]      after `make bench-shapes` with the same, which makes the graph

genai is asked twice: with plain prefix, suffix, middle, as its users write it, and with Sotto's own prompts. Each
file has a generator of its own; a key rewinds it to what the prompt shares with the last one and appends the rest.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.replay import keystrokes, sources
from sotto_engine.cancel import CancelFlag
from sotto_engine.engine import EngineOptions
from sotto_engine.loading import load_engine
from sotto_engine.prompt.fim import find_template
from sotto_engine.prompt.shared_prefix import shared_prefix_length
from sotto_engine.request import FillInRequest, Limits, StopAt
from sotto_lsp.completion.suffixes import without_closers

_WINDOW_CHARS = 8192


@dataclass
class Loop:
    """One side's figures, a number a key."""

    name: str
    answer: Callable[[int, FillInRequest], tuple[int, int]]
    """The file's number and the question -> `(prompt tokens, computed of them)`."""
    latencies_ms: list[float] = field(default_factory=list)
    num_prompt: int = 0
    num_computed: list[int] = field(default_factory=list)
    cpu_seconds: float = 0.0

    def press(self, number: int, request: FillInRequest, *, counts: bool) -> None:
        start, cpu = time.perf_counter(), time.process_time()
        num_prompt, num_computed = self.answer(number, request)
        if counts:
            self.latencies_ms.append((time.perf_counter() - start) * 1000)
            self.cpu_seconds += time.process_time() - cpu
            self.num_prompt += num_prompt
            self.num_computed.append(num_computed)

    def row(self) -> str:
        percent = statistics.quantiles(self.latencies_ms, n=100, method="inclusive")
        cells = [f"{percent[at]:.0f}" for at in (49, 89, 94)] + [f"{max(self.latencies_ms):.0f}"]
        cached = 1 - sum(self.num_computed) / self.num_prompt
        cells += [f"{statistics.mean(self.num_computed):.1f}", f"{cached:.1%}"]
        return (
            f"| {self.name} | {' | '.join(cells)} | {self.cpu_seconds / len(self.latencies_ms) * 1000:.0f} |"
        )


class RewindingLoop:
    """onnxruntime-genai on the same files: greedy, a generator a file."""

    def __init__(self, directory: Path, num_threads: int, num_tokens: int) -> None:
        import onnxruntime_genai as genai

        self._genai = genai
        config = genai.Config(str(directory))
        threads = {"intra_op_num_threads": num_threads}
        config.overlay(json.dumps({"model": {"decoder": {"session_options": threads}}}))
        self._model = genai.Model(config)
        self._num_tokens = num_tokens
        self._generators: dict[int, Any] = {}

    def answer(self, number: int, prompt_ids: list[int]) -> tuple[int, int]:
        generator = self._generators.get(number) or self._new_generator(number)
        known = generator.get_sequence(0).tolist() if generator.token_count() else []
        shared = min(shared_prefix_length(known, prompt_ids), len(prompt_ids) - 1)
        if known:
            generator.rewind_to(shared)
        generator.append_tokens(np.array([prompt_ids[shared:]], np.int32))
        for _ in range(self._num_tokens):
            if generator.is_done():
                break
            generator.generate_next_token()
        return len(prompt_ids), len(prompt_ids) - shared

    def _new_generator(self, number: int) -> Any:
        params = self._genai.GeneratorParams(self._model)
        params.set_search_options(max_length=2048 + 2 * self._num_tokens, do_sample=False)
        self._generators[number] = self._genai.Generator(self._model, params)
        return self._generators[number]


def loops(directory: Path, num_threads: int, num_tokens: int) -> list[Loop]:
    """The three sides."""
    engine, manifest = load_engine(directory, EngineOptions(num_threads=num_threads, fim_order="anchored"))
    plain, anchored = (RewindingLoop(directory, num_threads, num_tokens) for _ in range(2))
    _, _, between, _, behind = find_template(manifest.fim_family, engine.tokenizer).prefix_first or ()
    marks = tuple(engine.tokenizer.control_id(str(mark)) for mark in (between, behind))

    def sotto(number: int, request: FillInRequest) -> tuple[int, int]:
        del number
        done = engine.complete(request, CancelFlag())
        return done.num_prompt_tokens, done.num_prompt_tokens - done.num_cached_tokens

    def prompt(request: FillInRequest) -> list[int]:
        return engine._prompts.build(request).token_ids

    return [
        Loop("Sotto", sotto),
        Loop(
            "genai, plain prefix, suffix, middle",
            lambda number, request: plain.answer(number, _rearranged(prompt(request), *marks)),
        ),
        Loop("genai, Sotto's prompts", lambda number, request: anchored.answer(number, prompt(request))),
    ]


def _rearranged(anchored_ids: list[int], between: int, behind: int) -> list[int]:
    """The same tokens with all of the prefix in front."""
    suffix_at, typed_at = anchored_ids.index(between), anchored_ids.index(behind)
    return [*anchored_ids[:suffix_at], *anchored_ids[typed_at + 1 :], *anchored_ids[suffix_at : typed_at + 1]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="a folder made by onnxruntime-genai's builder")
    parser.add_argument("--keystrokes", type=int, default=50)
    parser.add_argument("--tokens", type=int, default=8, help="new tokens a key")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    sides = loops(options.model, options.threads, options.tokens)
    files, seen = sources(), set[int]()
    for which, key in keystrokes(options.keystrokes):
        file = files[which]
        file.press(key)
        request = FillInRequest(
            file.before[-_WINDOW_CHARS:],
            without_closers(file.behind[:_WINDOW_CHARS]),
            limits=Limits(max_tokens=options.tokens, stop_at=StopAt.BUDGET, min_probability=0.0),
        )
        for side in sides:
            side.press(which, request, counts=which in seen)  # not the first prompt of a file
        seen.add(which)
        sides.append(sides.pop(0))
    sides.sort(key=lambda side: (side.name != "Sotto", side.name))
    print(
        f"{len(sides[0].latencies_ms)} keys, {options.threads} threads, {options.tokens} new tokens a key\n"
    )
    print("| | p50 ms | p90 ms | p95 ms | max ms | tokens computed | from the cache | CPU ms a key |")
    print("|---|---|---|---|---|---|---|---|")
    for side in sides:
        print(side.row())
    for other in sides[1:]:
        ratios = [a / b for a, b in zip(sides[0].latencies_ms, other.latencies_ms, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(f"Sotto / {other.name}, key by key: median {middle:.2f}, half of them {low:.2f} to {high:.2f}")


if __name__ == "__main__":
    main()
