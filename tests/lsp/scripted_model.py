"""An instruct model that says what it is told to, for one action at one place of a text."""

import asyncio

from sotto_engine.request import Completion, FinishReason, Timings
from sotto_lsp.actions.action import Action
from sotto_lsp.actions.checks import check_all
from sotto_lsp.actions.places.place import Place
from sotto_lsp.actions.proposal import Question, ask
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.snapshot import DocumentSnapshot


def completion(text, reason=FinishReason.STOP_ID, probability=0.5):
    return Completion(text, (), (), reason, 0, 0, Timings(), (probability,))


class ScriptedModel:
    """Gives its answers in order; as the engine does, an answer ends before a stop string."""

    def __init__(self, *answers):
        self._answers = [each if isinstance(each, tuple) else (each, FinishReason.STOP_ID) for each in answers]
        self.requests = []

    async def generate(self, request):
        text, reason = self._answers[len(self.requests)]
        self.requests.append(request)
        ends = [at for stop in request.limits.stop_strings if (at := text.find(stop)) >= 0]
        if ends:
            text, reason = text[: min(ends)], FinishReason.STOP_STRING
        return completion(text, reason, 0.9 ** len(self.requests))

    async def score(self, request, texts):
        raise AssertionError("an instruct model weighs nothing")


def marked(drawn, uri="file:///project/app.py", language_id="python"):
    """The text without ▮, and the place from the first to the last of them."""
    start, end = drawn.index("▮"), drawn.rindex("▮")
    text = drawn.replace("▮", "")
    end -= start != end
    snapshot = DocumentSnapshot.of(text, language_id=language_id, uri=uri)
    first, last = (snapshot.position_at(at) for at in (start, end))
    ends_above = first.line < last.line and last.character == 0
    return Lines(snapshot), Place(first.line, last.line - ends_above, start, end)


def question_at(template, find, drawn):
    lines, place = marked(drawn)
    target = find(lines, place)
    return None if target is None else Question(Action("any", template, find), lines, target, "app.py")


def outcome(question, *answers):
    """The text after the likeliest answer that passes, or why none does."""
    candidates = asyncio.run(ask(ScriptedModel(*answers), question, len(answers), lambda what, done: True))
    checked = check_all(question.text, question.target, candidates)
    if checked.candidates:
        return checked.candidates[0].change.apply(question.text)
    return list(checked.refusals) or ["no answer"]
