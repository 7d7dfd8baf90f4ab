"""What it brings to show answers to a checker: pyright, and misspelt attributes, missing bodies or missing hints.

    PYTHONPATH=tests python -m benchmarks.checked_fixes --package python3.11/asyncio --planted attribute --tasks 40

Name folders of packages that the model was not trained on. An attribute of `self` is misspelt where pyright reports
that. `unchecked`: the likeliest answer that passes the built-in checks; `checked`: that pyright accepts, too.
"""

import argparse
import ast
import asyncio
import random
import time
from collections import Counter
from pathlib import Path

import sotto_models
from benchmarks.actions import BareModel
from benchmarks.planted import Task, missing_body, missing_hints, misspelt
from sotto_engine.loading import load_engine
from sotto_lsp.actions.catalogue import find_action
from sotto_lsp.actions.checkers.finding import Diagnosed
from sotto_lsp.actions.checkers.known_checkers import checkers_named
from sotto_lsp.actions.checkers.verifier import Verifier
from sotto_lsp.actions.checks.verification import verified
from sotto_lsp.actions.places.place import Place
from sotto_lsp.actions.proposal import Question, ask, sound_ones
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.snapshot import DocumentSnapshot

_MAX_CHARS = 30_000
_NUM_ANSWERS = 5
_RULE = "reportAttributeAccessIssue"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--package", type=Path, action="append", required=True, help="a package's folder")
    parser.add_argument("--model", type=Path, default=sotto_models.embedded_model_dir())
    parser.add_argument("--tasks", type=int, default=40)
    parser.add_argument("--planted", choices=("attribute", "body", "hints"), default="attribute")
    options = parser.parse_args()
    plant = {"attribute": misspelt_attribute, "body": missing_body, "hints": missing_hints}[options.planted]
    engine, manifest = load_engine(options.model)
    dice, score, num = random.Random(7), Counter(), 0
    files = [(file, folder.parent) for folder in options.package for file in sorted(folder.rglob("*.py"))]
    start = time.perf_counter()
    for file, root in dice.sample(files, len(files)):
        original = file.read_text(encoding="utf-8")
        task = plant(original, dice) if len(original) <= _MAX_CHARS else None
        counted = task and asyncio.run(_score(BareModel(engine), task, root, file))
        if counted:
            score, num = score + counted, num + 1
        if num == options.tasks:
            break
    if not num:
        parser.error("pyright (is it on the PATH?) accepts no original in these packages, or sees no fault")
    print(
        f"{manifest.name}, {options.planted}, {num} tasks, {(time.perf_counter() - start) / num:.1f} s each\n"
    )
    print("| | applied | pyright accepts it | equal | right of those applied |\n|---|---|---|---|---|")
    for which in ("unchecked", "checked"):
        counts = [score[f"{which} {what}"] for what in ("applied", "accepted", "equal")]
        right = f"{counts[2] / counts[0]:.0%}" if counts[0] else "–"
        print(f"| {which} | " + " | ".join(f"{count / num:.0%}" for count in counts) + f" | {right} |")


def misspelt_attribute(original: str, dice: random.Random) -> Task | None:
    """One `self.name` where it is read has a name that stands nowhere else."""
    places = [
        node
        for node in ast.walk(ast.parse(original))
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and node.lineno == node.end_lineno
    ]
    if not places:
        return None
    node = dice.choice(places)
    wrong = misspelt(node.attr, original, dice)
    lines = Lines(DocumentSnapshot.of(original))
    line = node.lineno - 1
    start = lines.start(line) + len(lines[line].encode()[: node.end_col_offset].decode()) - len(node.attr)
    if wrong is None or original[start : start + len(node.attr)] != node.attr:
        return None
    text = original[:start] + wrong + original[start + len(node.attr) :]
    return Task("fix_line", text, original, Place(line, line, start, start + len(wrong)))


async def _score(model: BareModel, task: Task, root: Path, file: Path) -> Counter | None:
    """None where pyright does not see the fault, or does not accept the original."""
    is_seen = task.action == "fix_line"
    diagnosed = Diagnosed(task.place.first_line, "Pyright", _RULE, "") if is_seen else None
    verifier = Verifier(checkers_named(("pyright",)), root, file, diagnosed)
    seen = await verifier.verdicts(task.text, [task.original], 1, lambda _: True)
    if not seen.accepted or seen.unchecked:
        return None
    action, lines = find_action(task.action), Lines(DocumentSnapshot.of(task.text, language_id="python"))
    target = action.find(lines, task.place)
    if target is None:
        return None
    question = Question(action, lines, target, file.name)
    asked = await ask(model, question, _NUM_ANSWERS, lambda *_: True)
    score = Counter(asked=1)
    for change in sound_ones(task.text, target, asked).sound:
        after = change.applied(task.text)
        judged = await verifier.verdicts(task.text, [after], 1, lambda _: True)
        score += _counted("unchecked", after, task, accepted=bool(judged.accepted))
    for candidate in (await verified(verifier, question, asked, 1, lambda _: True)).candidates:
        score += _counted("checked", candidate.change.applied(task.text), task, accepted=True)
    return score


def _counted(which: str, after: str, task: Task, *, accepted: bool) -> Counter:
    equal = after == task.original
    return Counter({f"{which} applied": 1, f"{which} accepted": accepted, f"{which} equal": equal})


if __name__ == "__main__":
    main()
