"""What the code actions are worth on held-out code, and what checking the answers brings.

    make bench NAME=actions ARGS="--held-out held_out.jsonl --tasks 60"

Each task plants one thing in a file that compiles. For 1 and 5 answers of the model: the likeliest as it comes, and
the likeliest that passes the checks. `compiles`: the file with the answer does. `equal`: the file is as it was.
"""

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import sotto_models
from benchmarks.planted import MAKERS, Task
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.loading import load_engine
from sotto_lsp.actions.catalogue import find_action
from sotto_lsp.actions.checks import check_all
from sotto_lsp.actions.proposal import Question, ask
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.syntax.python.parsing import read_python

_NUM_CANDIDATES = (1, 5)
_MAX_CHARS = 30_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--held-out", type=Path, required=True, help='JSON lines with "text" (and "path")')
    parser.add_argument("--model", type=Path, default=sotto_models.embedded_model_dir())
    parser.add_argument("--tasks", type=int, default=60, help="of each kind")
    parser.add_argument("--kind", choices=MAKERS, action="append", help="one of the table's rows; all if left out")
    options = parser.parse_args()
    engine, manifest = load_engine(options.model)
    rows = [json.loads(line) for line in options.held_out.open(encoding="utf-8")]
    texts = [row["text"] for row in rows if len(row["text"]) <= _MAX_CHARS and read_python(row["text"])]
    if not texts:
        parser.error(f"{options.held_out} has no text that compiles")

    model = BareModel(engine)
    print(f"{manifest.name}, {options.tasks} tasks of each kind\n")
    print(
        "| planted | answers | unchecked: compiles | equal | checked: applied | equal | right of those applied | s |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for kind in options.kind or MAKERS:
        make = MAKERS[kind]
        dice = random.Random(7)
        made = (make(text, dice) for text in dice.sample(texts, len(texts)))
        tasks = list(islice((task for task in made if task), options.tasks))
        for num in _NUM_CANDIDATES:
            start = time.perf_counter()
            score = Counter()
            for task in tasks:
                score += asyncio.run(_score(model, task, num))
            print(_row(kind, num, score, len(tasks), time.perf_counter() - start))


class BareModel:
    """The engine without a server around it."""

    def __init__(self, engine) -> None:
        self._engine = engine

    async def generate(self, request):
        return run_steps(self._engine.complete(request, CancelFlag()))

    async def score(self, request, texts):
        return run_steps(self._engine.score(request, texts, CancelFlag()))


async def _score(model: BareModel, task: Task, num: int) -> Counter:
    action = find_action(task.action)
    lines = Lines(DocumentSnapshot.of(task.text, language_id="python"))
    target = action.find(lines, task.place)
    if target is None:
        return Counter()
    candidates = await ask(model, Question(action, lines, target, ""), num, lambda *_: True)
    score = Counter(answered=bool(candidates))
    if candidates:
        raw = candidates[0].change.apply(task.text)
        score += Counter(compiles=read_python(raw) is not None, raw_equal=raw == task.original)
    for sound in check_all(task.text, target, candidates).candidates:
        after = sound.change.apply(task.text)
        assert read_python(after), "nothing that does not compile is ever applied"
        score += Counter(applied=1, equal=after == task.original)
    return score


def _row(kind: str, num: int, score: Counter, num_tasks: int, seconds: float) -> str:
    def share(what: str, of: int = num_tasks) -> str:
        return f"{score[what] / of:.0%}" if of else "–"

    cells = [kind, str(num), share("compiles"), share("raw_equal"), share("applied"), share("equal")]
    return "| " + " | ".join([*cells, share("equal", score["applied"]), f"{seconds / num_tasks:.2f}"]) + " |"
