"""How sure must a model be to be shown? Found when it is added, from lines of this Python's own standard library.

Lines are typed in part, and the model is asked for the rest. The least probability above which few enough answers are
wrong becomes the threshold of each mode. The library is in what public models were trained on, so the shares that are
asked for here are lower than those that are meant.
"""

import dataclasses
import math
import random
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.engine import Engine
from sotto_engine.model_files.manifest import Manifest
from sotto_engine.request import FillInRequest, Limits, StopAt

MODULES = (
    "argparse", "ast", "bisect", "calendar", "cmd", "configparser", "contextlib", "copy", "csv", "dataclasses",
    "difflib", "dis", "enum", "fileinput", "fractions", "ftplib", "gettext", "glob", "gzip", "heapq", "inspect",
    "ipaddress", "locale", "mailbox", "mimetypes", "netrc", "optparse", "pdb", "pickle", "platform", "plistlib",
    "pprint", "queue", "random", "sched", "selectors", "shelve", "shlex", "shutil", "statistics", "string",
    "tarfile", "tempfile", "textwrap", "threading", "timeit", "tokenize", "trace", "traceback", "typing", "uuid",
    "warnings", "weakref", "zipapp",
)  # fmt: skip
NUM_LINES = 120
BUDGET_S = 150.0
_TYPED = (0, 2, 5, 9, 14)
"""Characters of a line that have been typed when the model is asked."""
_BEFORE, _AFTER = 900, 300
"""Characters of the text on each side: a small window, since every line is a new place."""
_MAX_TOKENS = 32
WRONG_SHARES = {"quiet": 0.14, "normal": 0.25, "eager": 0.4}
"""Of what is shown, at most. Meant are a fifth, a third and a half on code that the model has not seen."""
_MIN_SHOWN = 12
"""Answers above a threshold, for it to be believed."""
_UNKNOWN = {"quiet": 0.8, "normal": 0.6, "eager": 0.35}
"""Where too few answers are right to tell."""


@dataclass(frozen=True)
class Answer:
    """probability: of the line, as the model gives it. is_right: whether it is the line that was there."""

    probability: float
    is_right: bool


def calibrate(engine: Engine, manifest: Manifest, on_step: Callable[[str, float | None], None]) -> Manifest:
    """The manifest with a threshold for each mode. Takes BUDGET_S at most."""
    answers: list[Answer] = []
    end = time.monotonic() + BUDGET_S
    lines = list(find_lines())
    for number, (before, line, after) in enumerate(lines):
        left = max(number / len(lines), 1 - (end - time.monotonic()) / BUDGET_S)
        if time.monotonic() > end:
            break
        on_step("calibrating", left)
        answers += _ask(engine, before, line, after)
    found = find_thresholds(answers)
    return dataclasses.replace(
        manifest, min_probability=found["normal"], modes={mode: found[mode] for mode in ("quiet", "eager")}
    )


def find_thresholds(answers: Sequence[Answer]) -> dict[str, float]:
    """The least probability of each mode above which no more than its share is wrong."""
    ranked = sorted(answers, key=lambda answer: -answer.probability)
    found: dict[str, float] = {}
    for mode, share in WRONG_SHARES.items():
        found[mode], num_wrong = _UNKNOWN[mode], 0
        for number, answer in enumerate(ranked, 1):
            num_wrong += not answer.is_right
            if number >= _MIN_SHOWN and num_wrong <= share * number:
                found[mode] = math.floor(answer.probability * 1000) / 1000
    return found


def find_lines() -> Iterator[tuple[str, str, str]]:
    """`(text before, line, text after)` of lines of code, the same at every call on the same library."""
    dice = random.Random(0)
    folder = Path(sysconfig.get_paths()["stdlib"])
    sources = [
        path.read_text(encoding="utf-8", errors="replace")
        for name in MODULES
        if (path := folder / f"{name}.py").is_file()
    ]
    for number in range(NUM_LINES if sources else 0):
        lines = sources[number % len(sources)].split("\n")
        codes = [at for at, line in enumerate(lines) if _is_code(line)]
        if codes:
            at = dice.choice(codes)
            before, after = "\n".join(lines[:at])[-_BEFORE:], "\n".join(lines[at + 1 :])[:_AFTER]
            yield before[before.find("\n") + 1 :] + "\n", lines[at], "\n" + after


def _is_code(line: str) -> bool:
    text = line.strip()
    return (
        12 <= len(text) <= 80 and not text.startswith(("#", '"', "'", ">>>")) and any(each in text for each in "=(:")
    )


def _ask(engine: Engine, before: str, line: str, after: str) -> Iterator[Answer]:
    indent = len(line) - len(line.lstrip())
    limits = Limits(max_tokens=_MAX_TOKENS, stop_at=StopAt.LINE, min_probability=0.0)
    for typed in _TYPED:
        rest = line[indent + typed :]
        if not rest.strip():
            return
        request = FillInRequest(before + line[: indent + typed], after, limits=limits)
        answer = run_steps(engine.complete(request, CancelFlag()))
        if answer.text.strip() and answer.line_probabilities:
            yield Answer(answer.line_probabilities[0], answer.text.split("\n")[0].rstrip() == rest.rstrip())
