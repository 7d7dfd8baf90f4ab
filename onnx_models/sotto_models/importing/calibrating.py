"""How sure must a model be to be shown? Found when it is added, from lines of this Python's own standard library.

A line is typed letter by letter, and what the model would say on the way is kept. Then the typing is replayed for
every threshold as it goes in an editor: what is shown stays while the typed text agrees with it, and a right
suggestion ends the line. The least threshold with few enough wrong suggestions becomes that of a mode. The library is
in what public models were trained on, so the shares that are asked for are lower than those that are meant.
"""

import dataclasses
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
_BEFORE, _AFTER = 900, 300
"""Characters of the text on each side: a small window, since every line is a new place."""
_MAX_TYPED = 24
_MAX_TOKENS = 32
_LEAST = 0.1
"""Thresholds begin here; an answer is given up below."""
_MOST = 0.95
WRONG_SHARES = {"quiet": 0.08, "normal": 0.2, "eager": 0.36}
"""Of what is shown, at most. Meant are a fifth, a third and a half on code that the model has not seen."""
_MIN_SHOWN = 12
"""Suggestions above a threshold, for it to be believed."""
_UNKNOWN = {"quiet": 0.8, "normal": 0.6, "eager": 0.35}
"""Where too few suggestions are right to tell."""


@dataclass(frozen=True)
class Answer:
    """What the model says after some characters: the rest of the line, "" for nothing, and its probability."""

    text: str
    probability: float


@dataclass(frozen=True)
class TypedLine:
    """text: of a line without its indentation. answers: after 0 characters, 1, 2 and so on."""

    text: str
    answers: Sequence[Answer]

    def replay(self, threshold: float) -> tuple[int, bool]:
        """How many suggestions are shown on the way, and whether the last one is right."""
        num_shown, shown = 0, ""
        for num_typed, answer in enumerate(self.answers):
            typed = self.text[num_typed - 1] if num_typed else ""
            shown = shown[1:] if shown.startswith(typed) else ""
            if shown or not answer.text or answer.probability < threshold:
                continue
            num_shown, shown = num_shown + 1, answer.text
            if shown == self.text[num_typed:]:
                return num_shown, True
        return num_shown, False


def calibrate(engine: Engine, manifest: Manifest, on_step: Callable[[str, float | None], None]) -> Manifest:
    """The manifest with a threshold for each mode. Takes BUDGET_S at most, and the time of a line."""
    typed: list[TypedLine] = []
    lines, start = list(find_lines()), time.monotonic()
    for number, (before, line, after) in enumerate(lines):
        passed = (time.monotonic() - start) / BUDGET_S
        if passed >= 1:
            break
        on_step("calibrating", max(passed, number / len(lines)))
        typed.append(_type(engine, before, line, after))
    found = find_thresholds(typed)
    modes = {mode: found[mode] for mode in ("quiet", "eager")}
    return dataclasses.replace(manifest, min_probability=found["normal"], modes=modes)


def find_thresholds(lines: Sequence[TypedLine]) -> dict[str, float]:
    """For each mode the least one at which no more than its share of what is shown is wrong."""
    found = dict(_UNKNOWN)
    for percent in range(round(100 * _MOST), round(100 * _LEAST) - 1, -1):
        replays = [line.replay(percent / 100) for line in lines]
        num_shown = sum(number for number, _ in replays)
        num_wrong = num_shown - sum(is_right for _, is_right in replays)
        for mode, share in WRONG_SHARES.items():
            if num_shown >= _MIN_SHOWN and num_wrong <= share * num_shown:
                found[mode] = percent / 100
    # a quieter mode never shows more than a louder one, whatever chance says
    found["normal"] = max(found["normal"], found["eager"])
    found["quiet"] = max(found["quiet"], found["normal"])
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


def _type(engine: Engine, before: str, line: str, after: str) -> TypedLine:
    """Asks where nothing is said, where the typed text departs from what was said, and where a word has ended."""
    indentation = line[: len(line) - len(line.lstrip())]
    text = line.strip()
    limits = Limits(max_tokens=_MAX_TOKENS, stop_at=StopAt.LINE, min_probability=_LEAST)
    answers: list[Answer] = []
    for num_typed in range(min(len(text), _MAX_TYPED)):
        last, typed = answers[-1] if answers else Answer("", 0.0), text[max(0, num_typed - 1) : num_typed]
        if len(last.text) > 1 and last.text.startswith(typed) and (typed.isalnum() or typed == "_"):
            answers.append(Answer(last.text[1:], last.probability))
            continue
        request = FillInRequest(before + indentation + text[:num_typed], after, limits=limits)
        done = run_steps(engine.complete(request, CancelFlag()))
        said = done.text.split("\n")[0].rstrip()
        probability = done.line_probabilities[0] if said and done.line_probabilities else 0.0
        answers.append(Answer(said if said.strip() else "", probability))
    return TypedLine(text, answers)
