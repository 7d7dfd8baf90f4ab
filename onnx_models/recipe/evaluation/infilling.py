"""HumanEval infilling: how often the gap is filled exactly, and how often the function passes its tests."""

from collections.abc import Callable
from dataclasses import dataclass

from recipe.evaluation.answers import Answer
from recipe.evaluation.questions import Problem, Question
from recipe.evaluation.sandbox import passes
from sotto_engine.engine import Engine

Ask = Callable[[Engine, Question], Answer]


@dataclass(frozen=True)
class Infilling:
    """Shares of the problems."""

    exact: float
    passed: float | None
    """None where the programs were not run."""


def infilling(engine: Engine, problems: list[Problem], ask: Ask, *, run: bool) -> Infilling:
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
