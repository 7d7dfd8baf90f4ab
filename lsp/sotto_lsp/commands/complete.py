"""`sotto complete FILE:LINE:COL`: one suggestion on the command line, and with `--explain` how it came about."""

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
from sotto_engine.model_files.manifest import Manifest
from sotto_lsp.completion.fit.fitting import fit
from sotto_lsp.completion.fit.place import Spelling, read_place
from sotto_lsp.completion.fit.silence import find_silence
from sotto_lsp.completion.request import build_request
from sotto_lsp.completion.suffixes import without_closers
from sotto_lsp.context.file_kinds import find_content_reason
from sotto_lsp.context.ignore import IgnoreRules
from sotto_lsp.documents.indentation import Indentations
from sotto_lsp.documents.paths import file_name, read_source
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.host.explanations import Explanation
from sotto_lsp.settings import Settings
from sotto_lsp.syntax.languages.registry import is_among
from sotto_models.store import resolve_model

_LANGUAGES = {
    ".py": "python",
    ".pyi": "python",
    ".js": "javascript",
    ".jsx": "javascriptreact",
    ".ts": "typescript",
    ".tsx": "typescriptreact",
    ".go": "go",
    ".rs": "rust",
    ".java": "java",
    ".c": "c",
    ".h": "c",
    ".cc": "cpp",
    ".cpp": "cpp",
    ".hpp": "cpp",
}
"""Editors' language ids."""


def complete_command(place: str, model_dir: Path | None, *, as_json: bool, explain: bool = False) -> int:
    """Print the suggestion, or how it came about: as JSON, or in words. Raises SottoError for bad input."""
    path, line, column = _parse_place(place)
    text = read_source(path)
    offset = _offset(text, line, column, place)
    engine, manifest = load_engine(resolve_model(model_dir))
    snapshot = DocumentSnapshot.of(
        text, uri=path.resolve().as_uri(), language_id=_LANGUAGES.get(path.suffix, path.suffix[1:])
    )
    explanation = suggest(engine, manifest, snapshot, offset, Settings(budget_ms=60_000))
    if as_json:
        print(json.dumps(explanation.report(), indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
    elif explain:
        sys.stdout.write("".join(f"{line}\n" for line in explanation.describe()))
    else:
        sys.stdout.write(explanation.shown + "\n" if explanation.shown else "")
    return 0


def suggest(
    engine: Engine, manifest: Manifest, snapshot: DocumentSnapshot, offset: int, settings: Settings
) -> Explanation:
    """What is suggested at an offset of a file, as if the user asked, and how it came about."""
    position = snapshot.position_at(offset)
    explanation = Explanation(snapshot.uri, position.line, position.character)
    place = read_place(
        snapshot.content,
        offset,
        file_name(snapshot.uri),
        snapshot.language_id,
        spelling=Spelling.of(Indentations().of(snapshot), manifest.indentation),
    )
    reason = find_file_refusal(snapshot, manifest) or find_silence(place, settings, is_invoked=True)
    if reason is not None:
        explanation.reasons = (reason,)
        return explanation
    request = build_request(place, settings, is_invoked=True)
    prompted = place.spelling.for_model(dataclasses.replace(request, suffix=without_closers(request.suffix)))
    completion = run_steps(engine.complete(prompted, CancelFlag()))
    suggestion = fit(completion, place, settings.max_lines)
    explanation.source, explanation.completion = "model", completion
    explanation.shown, explanation.reasons = suggestion.text, suggestion.reasons
    return explanation


def find_file_refusal(snapshot: DocumentSnapshot, manifest: Manifest) -> str | None:
    """Why nothing is suggested anywhere in a file."""
    if manifest.languages and not is_among(snapshot.language_id, manifest.languages):
        return "language-unknown"
    return IgnoreRules().find_reason(snapshot.uri, ()) or find_content_reason(snapshot)


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
