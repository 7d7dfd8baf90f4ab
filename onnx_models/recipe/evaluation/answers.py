"""Asks questions through the engine, as the server does, and compares the answers with what was written."""

from collections.abc import Callable
from dataclasses import dataclass

from recipe.evaluation.questions import Problem, Question
from recipe.evaluation.sandbox import passes
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.engine import Engine
from sotto_engine.request import Completion, FillInRequest, Limits, StopAt

_MAX_LINE_TOKENS = 64
_MAX_SPAN_TOKENS = 128


@dataclass(frozen=True)
class Answer:
    """The text, and the model's own probability of its first line, the line's end included."""

    text: str
    probability: float
    is_right: bool


Ask = Callable[[Engine, Question], Answer]


def ask_line(engine: Engine, question: Question) -> Answer:
    """The rest of the line, or the line where none has begun; greedy."""
    answer = _ask(engine, question, StopAt.LINE, _MAX_LINE_TOKENS)
    line = answer.text.lstrip("\n").split("\n")[0]
    line_before = question.prefix[question.prefix.rfind("\n") + 1 :]
    # On an empty line the indentation is the editor's; after typed text a space counts.
    found, wanted = (line, question.answer) if line_before.strip() else (line.strip(), question.answer.strip())
    return Answer(found, answer.probability, found.rstrip() == wanted.rstrip())


def ask_span(engine: Engine, question: Question) -> Answer:
    """Everything up to the model's own end."""
    return _ask(engine, question, StopAt.BUDGET, _MAX_SPAN_TOKENS)


def _ask(engine: Engine, question: Question, stop_at: StopAt, max_tokens: int) -> Answer:
    request = FillInRequest(
        question.prefix,
        question.suffix,
        path=question.path,
        snippets=question.snippets,
        limits=Limits(stop_at=stop_at, max_tokens=max_tokens, min_probability=0.0),
    )
    done = run_steps(engine.complete(request, CancelFlag()))
    return Answer(done.text, _of_first_line(done), done.text.rstrip() == question.answer.rstrip())


def _of_first_line(done: Completion) -> float:
    """Of the first line with text; the cursor may stand at the end of the line before it."""
    lines = zip(done.text.split("\n"), done.line_probabilities, strict=True)
    return next((probability for line, probability in lines if line.strip()), 0.0)


@dataclass(frozen=True)
class Infilling:
    """Shares of the problems."""

    exact: float
    passed: float | None
    """None where the programs were not run."""


def score_infilling(engine: Engine, problems: list[Problem], ask: Ask, *, run: bool) -> Infilling:
    """Fill every gap; with `run`, execute what came out other than written."""
    num_exact = num_passed = 0
    for problem in problems:
        question = problem.question
        answer = ask(engine, question)
        num_exact += answer.is_right
        num_passed += answer.is_right or (
            run and passes(question.prefix + answer.text + question.suffix + problem.test)
        )
    return Infilling(num_exact / len(problems), num_passed / len(problems) if run else None)
