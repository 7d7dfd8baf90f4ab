"""What model folders are worth, in one table: loss, infilling, typing, other files, edits, calibration, speed.

    PYTHONPATH=onnx_models python -m recipe.evaluation.evaluate MODEL_DIR... --held-out CACHE/held_out.jsonl \
        --lines HumanEval-SingleLineInfilling.jsonl.gz --spans HumanEval-RandomSpanInfillingLight.jsonl.gz \
        --work-dir build/evaluation --plots docs

MODEL_DIR: an export with its manifest.json. Every question goes through the engine, as the server's do. Answers are
greedy. Generated functions run in a process of their own without a network. What takes minutes is kept: a model whose
results lie in --work-dir is not measured again.
"""

import argparse
import json
from pathlib import Path

from recipe.evaluation.report import format_table
from recipe.evaluation.scores import Settings, measure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+", help="folders with manifest.json")
    parser.add_argument("--held-out", type=Path, required=True, help="held_out.jsonl of the corpus step")
    parser.add_argument("--lines", type=Path, help="HumanEval-SingleLineInfilling.jsonl.gz")
    parser.add_argument("--spans", type=Path, help="HumanEval-RandomSpanInfillingLight.jsonl.gz")
    parser.add_argument("--work-dir", type=Path, default=Path("build/evaluation"))
    parser.add_argument("--plots", type=Path, help="folder for PNGs; the extra `recipe` has matplotlib")
    parser.add_argument("--rows", type=int, default=400, help="of HumanEval's lines")
    parser.add_argument("--questions", type=int, default=400, help="of each kind on held-out code")
    parser.add_argument("--no-run", action="store_true", help="run no generated code: no pass@1")
    arguments = parser.parse_args()
    settings = Settings(
        held_out=arguments.held_out,
        lines=arguments.lines,
        spans=arguments.spans,
        num_rows=arguments.rows,
        num_questions=arguments.questions,
        run=not arguments.no_run,
    )
    arguments.work_dir.mkdir(parents=True, exist_ok=True)
    results = [_measured(model, settings, arguments.work_dir) for model in arguments.models]
    print(format_table(results))
    if arguments.plots:
        from recipe.evaluation.plots import draw  # noqa: PLC0415 - matplotlib only where plots are wanted

        draw(results, arguments.plots)


def _measured(model: Path, settings: Settings, work_dir: Path) -> dict:
    """From the file of an earlier run with the same model and settings, or a new one."""
    manifest = json.loads((model / "manifest.json").read_text(encoding="utf-8"))
    key = {"files": manifest["files"], "settings": settings.as_key()}
    path = work_dir / f"{manifest['name']}.json"
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["key"] == key:
            return kept
    result = {"name": manifest["name"], "key": key, "scores": measure(model, settings)}
    path.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result


if __name__ == "__main__":
    main()
