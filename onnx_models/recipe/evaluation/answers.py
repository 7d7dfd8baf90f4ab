"""Asks a question through the engine, as the server would, and compares what comes with what was written."""

from dataclasses import dataclass

from recipe.evaluation.questions import Question
from sotto_engine.cancel import CancelFlag
from sotto_engine.engine import Engine
from sotto_engine.request import Completion, CompletionRequest, StopAt

_MAX_LINE_TOKENS = 64
_MAX_SPAN_TOKENS = 128


@dataclass(frozen=True)
class Answer:
    """The text, and the model's own probability of its first line, the line's end included."""

    text: str
    probability: float
    is_right: bool


def ask_line(engine: Engine, question: Question) -> Answer:
    """The rest of the line, or the line where none has begun; greedy."""
    answer = _ask(engine, question, StopAt.LINE, _MAX_LINE_TOKENS)
    line = answer.text.lstrip("\n").split("\n")[0]
    line_before = question.prefix[question.prefix.rfind("\n") + 1 :]
    # Where nothing stands on the line yet its indentation is the editor's; behind typed text a space counts.
    found, wanted = (
        (line, question.answer) if line_before.strip() else (line.strip(), question.answer.strip())
    )
    return Answer(found, answer.probability, found.rstrip() == wanted.rstrip())


def ask_span(engine: Engine, question: Question) -> Answer:
    """Everything up to the model's own end."""
    return _ask(engine, question, StopAt.BUDGET, _MAX_SPAN_TOKENS)


def _ask(engine: Engine, question: Question, stop_at: StopAt, max_tokens: int) -> Answer:
    request = CompletionRequest(
        question.prefix,
        question.suffix,
        path=question.path,
        snippets=question.snippets,
        stop_at=stop_at,
        max_tokens=max_tokens,
        min_probability=0.0,
    )
    done = engine.complete(request, CancelFlag())
    return Answer(done.text, _of_first_line(done), done.text.rstrip() == question.answer.rstrip())


def _of_first_line(done: Completion) -> float:
    """Of the first line with text; the cursor may stand at the end of the line before it."""
    lines = zip(done.text.split("\n"), done.line_probabilities, strict=True)
    return next((probability for line, probability in lines if line.strip()), 0.0)
