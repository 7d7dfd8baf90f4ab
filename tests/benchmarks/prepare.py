"""What preparing a graph gains, and what its rounding changes: speed, logits, greedy text.

    make bench-prepare          the 0.5B shape with random weights, then the embedded model, which is trained
    PYTHONPATH=tests .venv/bin/python -m benchmarks.prepare DIR

The embedded model is made like a transformers.js file first: no accuracy_level, a float32 embedding. Figures are of
interleaved rounds in one process; see docs/benchmarks.md.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

import sotto_models
from sotto_engine.cancel import CancelFlag
from sotto_engine.model.onnx_model import Model
from sotto_engine.model_files.export_folder import describe_model
from sotto_engine.prompt.tokenizer import Tokenizer
from sotto_models.preparing import prepare_graph
from sotto_models.preparing.accuracy_level import stamp_accuracy_level
from sotto_models.preparing.attention import fuse_attention
from sotto_models.preparing.blockwise import QuantizedMatrix, dequantize
from sotto_models.preparing.external_data import save_graph
from sotto_models.preparing.tables import quantize_tables

NUM_PROMPT, NUM_DECODED, NUM_CONTEXT, NUM_ROUNDS = 64, 24, 200, 7
STEPS: dict[str, Callable[[Any], object]] = {
    "attention alone": fuse_attention,
    "accuracy_level alone": lambda model: stamp_accuracy_level(model.graph),
    "embedding and head alone": lambda model: quantize_tables(model.graph),
}


def make_like_transformers_js(source: Path, output: Path) -> None:
    """The embedded model with its embedding in float32 and matrices that say nothing of how to compute."""
    model: Any = onnx.load(str(source / "model.onnx"))
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    producers = {name: node for node in model.graph.node for name in node.output}
    for node in list(model.graph.node):
        for attribute in [each for each in node.attribute if each.name == "accuracy_level"]:
            node.attribute.remove(attribute)
        if node.op_type == "GatherBlockQuantized":
            packed = numpy_helper.to_array(weights[node.input[0]])
            scales = numpy_helper.to_array(weights[producers[node.input[2]].input[0]])
            block = {each.name: each.i for each in node.attribute}
            table = dequantize(QuantizedMatrix(packed, scales, block["bits"], 32, 32 * packed.shape[1]))
            model.graph.initializer.append(numpy_helper.from_array(table, "float_table"))
            joined = next(each for each in model.graph.node if node.output[0] in each.input)
            rows = helper.make_node(
                "Gather", ["float_table", node.input[1]], list(joined.output), name="embed"
            )
            model.graph.node.insert(list(model.graph.node).index(node), rows)
            model.graph.node.remove(node)
            model.graph.node.remove(joined)
    save_graph(model, output)
    shutil.copy(source / "tokenizer.json", output)


class Pair:
    """A model before and after."""

    def __init__(self, before: Path, after: Path, folder: Path, num_threads: int) -> None:
        manifest = describe_model(folder)
        arguments = (manifest.context_length, num_threads, manifest.head_dim)
        self.models = [Model(path, *arguments) for path in (before, after)]

    def rates(self) -> np.ndarray:
        """Tokens a second and a processor second behind some context, `[rounds, models, 2]`.

        A processor's second is the same with other work beside it, the clock's is not.
        """
        caches = [prefilled(model, list(range(10, 10 + NUM_CONTEXT))) for model in self.models]
        rounds = [
            [decode(model, cache, NUM_CONTEXT)[1:] for model, cache in zip(self.models, caches, strict=True)]
            for _ in range(NUM_ROUNDS)
        ]
        return np.array(rounds)

    def compare(self, prompts: list[list[int]]) -> str:
        """Logits and greedy text, in words."""
        errors, agree, margins, same = [], [], [], 0
        for prompt in prompts:
            caches = [model.new_cache() for model in self.models]
            before, after = (
                model.forward(cache, prompt, CancelFlag(), num_logits=len(prompt))
                for model, cache in zip(self.models, caches, strict=True)
            )
            errors.append(np.linalg.norm(after - before, axis=1) / np.linalg.norm(before, axis=1))
            first, second = np.sort(before, axis=1)[:, :-3:-1].T
            noise = np.sqrt(np.mean((after - before) ** 2, axis=1))
            margins.append((first - second) / np.maximum(noise, 1e-9))
            agree.append(before.argmax(axis=1) == after.argmax(axis=1))
            texts = [decode(m, c, len(prompt))[0] for m, c in zip(self.models, caches, strict=True)]
            same += texts[0] == texts[1]
        agreement, margin = np.concatenate(agree), np.concatenate(margins)
        clear = margin > 6
        return (
            f"logits within {np.median(np.concatenate(errors)):.2g} (median); most probable token the same at "
            f"{agreement.mean():.2%} of {agreement.size} places, at {agreement[clear].mean():.2%} of the "
            f"{clear.sum()} whose margin is 6 times the error or more; {same} of {len(prompts)} texts of "
            f"{NUM_DECODED} tokens the same"
        )


def prefilled(model: Model, token_ids: list[int]) -> Any:
    cache = model.new_cache()
    model.forward(cache, token_ids, CancelFlag())
    return cache


def decode(model: Model, cache: Any, length: int) -> tuple[list[int], float, float]:
    """Greedy tokens behind the first `length` rows, tokens a second and a processor second. The last rows are
    computed again."""
    last = cache.token_ids[length - 2 : length]
    cache.trim(length - 2)
    token_id = int(model.forward(cache, last, CancelFlag())[-1].argmax())
    ids, start, cpu = [], time.perf_counter(), time.process_time()
    for _ in range(NUM_DECODED):
        ids.append(token_id)
        token_id = int(model.forward(cache, [token_id], CancelFlag())[-1].argmax())
    return ids, NUM_DECODED / (time.perf_counter() - start), NUM_DECODED / (time.process_time() - cpu)


def some_prompts(folder: Path, num_prompts: int) -> list[list[int]]:
    """Pieces of Python's standard library."""
    files = ("argparse", "shutil", "tarfile", "csv", "inspect", "heapq")
    text = "\n".join((Path(shutil.__file__).parent / f"{name}.py").read_text() for name in files)
    token_ids = Tokenizer.load(folder / "tokenizer.json").encode(text[: num_prompts * 4000])
    stride = (len(token_ids) - NUM_PROMPT) // num_prompts
    return [token_ids[i * stride : i * stride + NUM_PROMPT] for i in range(num_prompts)]


def report(folder: Path, num_prompts: int, num_threads: int, *, each_step: bool) -> None:
    manifest = describe_model(folder)
    prompts = some_prompts(folder, num_prompts)
    with tempfile.TemporaryDirectory() as scratch:
        prepared = prepare_graph(folder / manifest.graph, Path(scratch), manifest.head_dim)
        print(f"{folder.name}: {'; '.join(prepared.steps)}", flush=True)
        pair = Pair(folder / manifest.graph, prepared.graph, folder, num_threads)
        rates = pair.rates()
        for unit, column in (("tok/s", rates[..., 0]), ("tokens a processor second", rates[..., 1])):
            low, middle, high = np.quantile(column[:, 1] / column[:, 0], (0.25, 0.5, 0.75))
            before, after = np.median(column, axis=0)
            print(f"  {before:.1f} -> {after:.1f} {unit}: {middle:.2f} times ({low:.2f} to {high:.2f})")
        print(f"  {pair.compare(prompts)}", flush=True)
        del pair
    for name, step in STEPS.items() if each_step else ():
        model = onnx.load(str(folder / manifest.graph))
        step(model)
        with tempfile.TemporaryDirectory() as scratch:
            pair = Pair(folder / manifest.graph, save_graph(model, Path(scratch)), folder, num_threads)
            print(f"  {name}: {pair.compare(prompts[: num_prompts // 2])}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directories", type=Path, nargs="*")
    parser.add_argument("--prompts", type=int, default=24)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--each-step", action="store_true", help="also what each step alone changes")
    options = parser.parse_args()
    for directory in options.directories:
        report(directory, options.prompts, options.threads, each_step=options.each_step)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "embedded-like-transformers-js"
        make_like_transformers_js(sotto_models.embedded_model_dir(), folder)
        report(folder, options.prompts, options.threads, each_step=True)


if __name__ == "__main__":
    main()
