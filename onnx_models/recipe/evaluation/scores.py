"""All measurements of one model folder, as a dictionary that JSON can hold; progress goes to stderr."""

import random
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from recipe.corpus.library import Library
from recipe.corpus.pack import load_tokenizer
from recipe.evaluation.answers import ask_line, ask_span, score_infilling
from recipe.evaluation.calibration import calibrate
from recipe.evaluation.edit_tasks import score_edits
from recipe.evaluation.losses import measure_losses
from recipe.evaluation.questions import (
    Problem,
    Question,
    cross_file,
    held_out_lines,
    inside_lines,
    single_lines,
    spans,
)
from recipe.evaluation.typing_replay import replay_typing
from recipe.export.runner import Runner
from recipe.export.timing import CONTEXT, PASS_SIZES, measure_speeds
from sotto_engine.engine import Engine
from sotto_engine.loading import ModelOptions, load_engine
from sotto_engine.model_files.manifest import Manifest, load_manifest
from sotto_engine.request import FimOrder

_TYPED = (0, 3, 8)
_REPLAYED_SHARE = 0.4
"""Of the questions: a line that is typed letter by letter asks several times."""


@dataclass(frozen=True)
class Settings:
    """What to measure on; the benchmarks may be missing."""

    held_out: Path
    lines: Path | None
    spans: Path | None
    num_rows: int
    num_questions: int
    run: bool

    def as_key(self) -> dict[str, Any]:
        """By file names: where they lie does not matter."""
        return {name: value.name if isinstance(value, Path) else value for name, value in asdict(self).items()}


def measure(directory: Path, settings: Settings) -> dict[str, Any]:
    """Everything, by section; what a model or a machine cannot do is left out."""
    manifest = load_manifest(directory)
    engines = {order: load_engine(directory, ModelOptions(fim_order=order.value))[0] for order in FimOrder}
    library = Library.read(settings.held_out, seed=1)
    tokenizer = load_tokenizer(manifest.tokenizer_path)
    runner = Runner(manifest.graph_path)
    main_order = FimOrder(manifest.fim_order)
    sections: dict[str, Callable[[], Any]] = {
        "speed": lambda: _speed(manifest, tokenizer, library),
        "loss": lambda: measure_losses(
            runner, tokenizer, library, manifest.context_length, settings.num_questions // 4
        ),
        "held_out": lambda: _held_out(engines[main_order], library, settings.num_questions),
        "edits": lambda: {
            task: asdict(score)
            for task, score in score_edits(
                runner, tokenizer, library, manifest.context_length, settings.num_questions // 4
            ).items()
        },
    }
    if settings.lines:
        problems = single_lines(settings.lines, settings.num_rows)
        sections["lines"] = lambda: _lines(engines, main_order, problems, settings.run)
    if settings.spans:
        gaps = spans(settings.spans, settings.num_rows)
        sections["spans"] = lambda: asdict(score_infilling(engines[main_order], gaps, ask_span, run=settings.run))
    return {name: _timed(name, section) for name, section in sections.items()}


def _timed(name: str, section: Callable[[], Any]) -> Any:
    start = time.monotonic()
    result = section()
    print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return result


def _lines(
    engines: dict[FimOrder, Engine], main_order: FimOrder, problems: list[Problem], run: bool
) -> dict[str, Any]:
    """Exact lines by prompt form and characters typed; with the suffix and without; pass@1 as the server asks."""
    exact = {
        order.value: [
            _exact(
                engine,
                [problem.question.typed(n) for problem in problems if len(problem.question.answer) > n],
            )
            for n in _TYPED
        ]
        for order, engine in engines.items()
    }
    engine = engines[main_order]
    whole = score_infilling(engine, problems, ask_line, run=run)
    without = _exact(engine, [problem.question.without_suffix() for problem in problems])
    return {"exact": exact, "typed": _TYPED, "without_suffix": without, "passed": whole.passed}


def _exact(engine: Engine, questions: list[Question]) -> float | None:
    """Share of the lines that come out as they were written; None of no questions."""
    num_right = sum(ask_line(engine, question).is_right for question in questions)
    return num_right / len(questions) if questions else None


def _held_out(engine: Engine, library: Library, num_questions: int) -> dict[str, Any]:
    dice = random.Random(2)
    lines = held_out_lines(library, num_questions, dice)
    replay = replay_typing(engine, lines[: int(num_questions * _REPLAYED_SHARE)])
    answers = [ask_line(engine, question) for question in inside_lines(lines, dice)]
    related = cross_file(library, num_questions // 2, dice)
    with_snippets = _exact(engine, [question.typed(2) for question in related])
    without = _exact(engine, [question.without_snippets().typed(2) for question in related])
    return {
        "whole_line": _exact(engine, lines),
        "saved": replay.saved,
        "wrong_share": replay.wrong_share,
        "shown": dict(replay.shown),
        "right": dict(replay.right),
        "calibration": asdict(calibrate(answers)),
        "cross_file": {"with": with_snippets, "without": without, "num_questions": len(related)},
    }


def _speed(manifest: Manifest, tokenizer: Tokenizer, library: Library) -> dict[str, Any]:
    text = "\n".join(document.text for document in library.documents[:40])
    ids = tokenizer.encode(text, add_special_tokens=False).ids[: CONTEXT + max(PASS_SIZES)]
    speed = measure_speeds({"model": manifest.graph_path}, ids)["model"]
    nbytes = sum(path.stat().st_size for path in manifest.graph_path.parent.iterdir() if path.is_file())
    return {
        "pass_ms": {str(size): ms for size, ms in speed.pass_ms.items()},
        "prefill_rate": {str(size): rate for size, rate in speed.prefill_rate.items()},
        "mb": nbytes / 1e6,
    }
