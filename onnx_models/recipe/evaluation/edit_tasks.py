"""The edit tasks on held-out code: is what was spoiled restored exactly, and is it at least well formed?"""

import ast
import random
import textwrap
from dataclasses import dataclass

from tokenizers import Tokenizer

from recipe.corpus.edits import MAKERS, TASKS, Edit
from recipe.corpus.examples import ExampleMaker
from recipe.corpus.library import Library
from recipe.corpus.pack import pieces
from recipe.corpus.vocabulary import CONTROL
from recipe.export.runner import Runner

_MAX_NEW_TOKENS = 200


@dataclass(frozen=True)
class EditScore:
    """Shares of the tasks whose answer is the code as it was, and whose answer parses where the original does."""

    exact: float
    well_formed: float
    num_tasks: int


def score_edits(
    runner: Runner, tokenizer: Tokenizer, library: Library, length: int, num_tasks: int
) -> dict[str, EditScore]:
    """By task; empty for a model whose vocabulary has no tokens for them."""
    if any(tokenizer.token_to_id(f"<|{task}|>") is None for task in TASKS):
        return {}
    return {task: _score(runner, tokenizer, library, task, length, num_tasks) for task in TASKS}


def _score(
    runner: Runner, tokenizer: Tokenizer, library: Library, task: str, length: int, num_tasks: int
) -> EditScore:
    dice = random.Random(6)
    maker = ExampleMaker(tokenizer, dice)
    num_exact = num_formed = num_asked = num_parsing = 0
    for document in dice.sample(library.documents, len(library.documents)):
        text = next(pieces(document.text, dice, length // 2), "")
        edit = MAKERS[task](text, dice) if text else None
        prompt = edit and maker.edit_parts(edit).prompt(length - _MAX_NEW_TOKENS)
        if edit is None or prompt is None:
            continue
        answer = greedy(runner, tokenizer, prompt)
        num_asked += 1
        num_exact += answer.rstrip() == edit.answer.rstrip()
        if _parses(edit, edit.answer):
            num_parsing += 1
            num_formed += _parses(edit, answer)
        if num_asked == num_tasks:
            break
    return EditScore(num_exact / max(1, num_asked), num_formed / max(1, num_parsing), num_asked)


def greedy(runner: Runner, tokenizer: Tokenizer, prompt: list[int]) -> str:
    """The text up to a control token, at most 200 tokens."""
    generated: list[int] = []
    logits = runner.prefill(prompt)
    for _ in range(_MAX_NEW_TOKENS):
        next_id = int(logits.argmax())
        if next_id < len(CONTROL):
            break
        generated.append(next_id)
        logits = runner.forward([next_id], len(prompt) + len(generated) - 1)[-1]
    return tokenizer.decode(generated)


def _parses(edit: Edit, answer: str) -> bool:
    """Whether the piece with the answer in it is Python; a piece may be cut out of a class."""
    try:
        ast.parse(textwrap.dedent(edit.prefix + answer + edit.suffix))
    except (SyntaxError, ValueError):
        return False
    return True
