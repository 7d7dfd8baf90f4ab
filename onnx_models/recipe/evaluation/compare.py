"""Exports a checkpoint in every scheme and prints one Markdown table: size, speed, fidelity, exact match.

    PYTHONPATH=onnx_models python -m recipe.evaluation.compare CHECKPOINT HumanEval-SingleLineInfilling.jsonl.gz

Exact match is that of answers.py, through the engine. How times are taken: export/timing.py.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from recipe.evaluation.answers import ask_line, score_infilling
from recipe.evaluation.questions import Problem, single_lines
from recipe.export.export import read_checkpoint, write_export
from recipe.export.manifest import write_manifest
from recipe.export.quantize import SCHEMES
from recipe.export.reference import reference_logits
from recipe.export.runner import Runner
from recipe.export.timing import CONTEXT, PASS_SIZES, PREFILL_SIZES, measure_load_ms, measure_speeds
from sotto_engine.loading import load_engine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="folder with config.json, model.safetensors, tokenizer.json")
    parser.add_argument("infilling", type=Path, help="HumanEval-SingleLineInfilling.jsonl.gz")
    parser.add_argument("--work-dir", type=Path, default=Path("build/exports"))
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--max-positions", type=int, default=2048)
    parser.add_argument("--schemes", nargs="+", choices=list(SCHEMES), default=list(SCHEMES))
    options = parser.parse_args()

    external, inline = _export(options.checkpoint, options.work_dir, options.schemes, options.max_positions)
    tokenizer = Tokenizer.from_file(str(options.checkpoint / "tokenizer.json"))
    problems = single_lines(options.infilling, options.rows)
    external_ms, inline_ms = measure_load_ms(external), measure_load_ms(inline)
    input_ids = _sample_ids(tokenizer, problems)
    speed = measure_speeds(external, input_ids)
    exact_logits = reference_logits(*read_checkpoint(options.checkpoint), input_ids[:CONTEXT])

    print("| scheme | MB | load ms, external | inline |", end="")
    print("".join(f" {size} tok ms |" for size in PASS_SIZES), end="")
    print(
        "".join(f" prefill {size} tok/s |" for size in PREFILL_SIZES),
        "same top token | KL, nats | exact match |",
    )
    print("|---" * (7 + len(PASS_SIZES) + len(PREFILL_SIZES)) + "|")
    for name, path in external.items():
        runner = Runner(path)
        same_token, divergence = _fidelity(runner, input_ids[:CONTEXT], exact_logits)
        nbytes = sum(file.stat().st_size for file in path.parent.iterdir())
        (path.parent / "tokenizer.json").write_bytes((options.checkpoint / "tokenizer.json").read_bytes())
        write_manifest(path.parent, name, "One of several.")
        engine, _ = load_engine(path.parent)
        cells = [
            name,
            f"{nbytes / 1e6:.1f}",
            f"{external_ms[name]:.0f}",
            f"{inline_ms[name]:.0f}",
            *(f"{ms:.2f}" for ms in speed[name].pass_ms.values()),
            *(f"{rate:,.0f}" for rate in speed[name].prefill_rate.values()),
            f"{same_token:.1%}",
            f"{divergence:.4f}",
            f"{score_infilling(engine, problems, ask_line, run=False).exact:.1%}",
        ]
        print("|", " | ".join(cells), "|", flush=True)


def _export(
    checkpoint: Path, work_dir: Path, schemes: list[str], max_positions: int
) -> tuple[dict[str, Path], dict[str, Path]]:
    """Graph paths by scheme: weights outside the graph, and inside."""
    config, weights = read_checkpoint(checkpoint, max_positions)
    external = {name: write_export(config, weights, SCHEMES[name], work_dir / name) for name in schemes}
    inline = {
        name: write_export(config, weights, SCHEMES[name], work_dir / f"{name}-inline", inline=True)
        for name in schemes
    }
    return external, inline


def _fidelity(runner: Runner, input_ids: list[int], exact: NDArray[np.float32]) -> tuple[float, float]:
    """Against PyTorch in float32: how often the likeliest token is the same; the mean KL(exact, export)."""

    def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
        shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))

    logits = runner.forward(input_ids, 0, num_logits=len(input_ids))
    wanted, got = log_softmax(exact), log_softmax(logits)
    divergence = (np.exp(wanted) * (wanted - got)).sum(axis=-1).mean()
    return float(np.mean(logits.argmax(axis=-1) == exact.argmax(axis=-1))), float(divergence)


def _sample_ids(tokenizer: Tokenizer, problems: list[Problem]) -> list[int]:
    """Enough real code for the longest context; repeated rows would be no different in time."""
    questions = [problem.question for problem in problems]
    text = "\n".join(question.prefix + question.answer + question.suffix for question in questions)
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    num_wanted = CONTEXT + max(PASS_SIZES)
    return (ids * -(-num_wanted // len(ids)))[:num_wanted]


if __name__ == "__main__":
    main()
