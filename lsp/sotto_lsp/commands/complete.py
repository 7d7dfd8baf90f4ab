"""`sotto complete FILE:LINE:COL`: one suggestion on the command line."""

import dataclasses
import json
import re
import sys
from pathlib import Path

from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.engine import Engine
from sotto_engine.errors import SottoError
from sotto_engine.loading import load_engine
from sotto_engine.request import Completion
from sotto_lsp.commands.source_file import read_source
from sotto_lsp.completion.fitting import Suggestion, fit
from sotto_lsp.completion.request import build_request
from sotto_lsp.completion.suffixes import without_closers
from sotto_lsp.settings import Settings
from sotto_models.store import resolve_model


def complete_command(place: str, model_dir: Path | None, *, as_json: bool) -> int:
    """Print the suggestion, or with `as_json` how it came about. Raises SottoError for bad input."""
    path, line, column = _parse_place(place)
    text = read_source(path)
    offset = _offset(text, line, column, place)
    engine, _ = load_engine(resolve_model(model_dir))
    completion, suggestion = suggest(engine, text, offset, path.name, Settings(min_probability=0.0))
    if as_json:
        report = {
            "text": suggestion.text,
            "filtered_by": suggestion.reasons,
            "raw_text": completion.text,
            "line_probabilities": [round(share, 4) for share in completion.line_probabilities],
            "token_logprobs": [round(logprob, 4) for logprob in completion.token_logprobs],
            "finish_reason": completion.finish_reason,
            "num_prompt_tokens": completion.num_prompt_tokens,
            "num_cached_tokens": completion.num_cached_tokens,
            "timings_ms": {
                name.removesuffix("_ms"): round(value, 2)
                for name, value in dataclasses.asdict(completion.timings).items()
            },
        }
        print(json.dumps(report, indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
    else:
        sys.stdout.write(suggestion.text + "\n" if suggestion.text else "")
    return 0


def suggest(engine: Engine, text: str, offset: int, name: str, settings: Settings) -> tuple[Completion, Suggestion]:
    """What is suggested at an offset of a file, however long it takes."""
    request = build_request(text, offset, name, dataclasses.replace(settings, budget_ms=60_000))
    prompted = dataclasses.replace(request, suffix=without_closers(request.suffix))
    completion = run_steps(engine.complete(prompted, CancelFlag()))
    return completion, fit(completion, request)


def _parse_place(place: str) -> tuple[Path, int, int]:
    match = re.fullmatch(r"(.+):(\d+):(\d+)", place)
    if match is None:
        raise SottoError(f"{place!r} is no place in a file; write FILE:LINE:COL, as in app.py:12:9.")
    return Path(match[1]), int(match[2]), int(match[3])


def _offset(text: str, line: int, column: int, place: str) -> int:
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        raise SottoError(f"{place} is outside the file, which has {len(lines)} lines; give another line.")
    if not 1 <= column <= len(lines[line - 1]) + 1:
        raise SottoError(
            f"{place} is outside its line, which has {len(lines[line - 1])} characters; give another column."
        )
    return sum(len(above) + 1 for above in lines[: line - 1]) + column - 1
