"""HumanEval single-line infilling through the engine, as the server asks it: each FIM order, healing on.

PYTHONPATH=tests:onnx_models .venv/bin/python -m benchmarks.infilling HumanEval-SingleLineInfilling.jsonl.gz
"""

import argparse
import time
from pathlib import Path

import sotto_models
from recipe.infilling import read_gaps
from sotto_engine.cancel import CancelFlag
from sotto_engine.engine import Engine, EngineOptions, load_engine
from sotto_engine.request import CompletionRequest, FimOrder, StopAt


def exact_share(engine: Engine, gaps: list, num_typed: int) -> float:
    """Share of gaps whose line comes out exactly, `num_typed` characters of it typed already."""
    num_exact = num_asked = 0
    for gap in gaps:
        if len(gap.line) <= num_typed:
            continue
        request = CompletionRequest(gap.prefix + gap.line[:num_typed], gap.suffix, stop_at=StopAt.LINE)
        done = engine.complete(request, CancelFlag())
        first_line = done.text.strip("\n").split("\n")[0].strip()
        num_exact += (gap.line[:num_typed] + first_line).strip() == gap.line
        num_asked += 1
    return num_exact / num_asked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gaps", type=Path)
    parser.add_argument("--model", type=Path, default=sotto_models.embedded_model_dir())
    parser.add_argument("--rows", type=int, default=400)
    arguments = parser.parse_args()
    gaps = read_gaps(arguments.gaps, arguments.rows)
    print("| order | nothing typed | 3 typed | 8 typed | seconds |\n|---|---|---|---|---|")
    for order in FimOrder:
        engine, _ = load_engine(arguments.model, EngineOptions(fim_order=order.value))
        start = time.perf_counter()
        shares = [exact_share(engine, gaps, num_typed) for num_typed in (0, 3, 8)]
        cells = " | ".join(f"{share:.1%}" for share in shares)
        print(f"| {order.value} | {cells} | {time.perf_counter() - start:.0f} |")


if __name__ == "__main__":
    main()
