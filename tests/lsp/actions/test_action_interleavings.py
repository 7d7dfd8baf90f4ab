"""500 random histories of edits while an action is under way: an edit is never made to a text that is not its own.

The user's text is a list of characters that each have an identity. What an action replaces must be the very
characters that stood in its line when it began, and the line must be whole.
"""

import ast
import asyncio
import itertools
import random

import pytest
from lsprotocol import types

from sotto_engine.errors import SottoError
from sotto_engine.request import ChatRequest, Completion, FinishReason, Timings
from sotto_lsp.actions.asking import Asking
from sotto_lsp.actions.catalogue import find_action
from sotto_lsp.actions.edit_run import EditRun
from sotto_lsp.actions.places.place import Place
from sotto_lsp.actions.proposal import Question
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.host.metrics import Metrics
from sotto_lsp.settings import Settings

URI = "file:///a.py"
TEXT = "a = 1\nb = 2\n\ndef f(x):\n    y = x\n    pass\n\nc = 3\nb = 2\nd = 4\n"
SNIPPETS = ["\n", "x", "pass", "b = 2\n", "# more\n", "e = 5", " ", "def g():\n    pass\n", ""]
SIMPLER = [
    "def f(x):\n    return x",
    "def f(x):\n    y = x\n    return y\n```\nSee?",
    "c = 2\n\ndef f(x):\n    return",
    "Sure",
]
ANSWERS = ["return x", "print(y)\n    return y", "return nowhere", "return (", "y = y + x", "b = 2"]


class User:
    """The editor's side of a document, its characters with identities, and the server's store, kept in step."""

    def __init__(self, text):
        self._ids = itertools.count()
        self.cells = [(char, next(self._ids)) for char in text]
        self.documents = DocumentStore()
        self.document = self.documents.open(types.TextDocumentItem(URI, "python", 1, text))

    @property
    def text(self):
        return "".join(char for char, _ in self.cells)

    def edit(self, start, end, new, *, whole=False):
        snapshot = self.document.snapshot()
        range_ = snapshot.range_at(start, end)
        self.cells[start:end] = [(char, next(self._ids)) for char in new]
        change = (
            types.TextDocumentContentChangeWholeDocument(text=self.text)
            if whole
            else types.TextDocumentContentChangePartial(range=range_, text=new)
        )
        self.document.apply([change], self.document.version + 1)
        assert self.document.text == self.text


class ScriptedSession:
    """Answers with random texts, after the user has typed."""

    def __init__(self, dice, user):
        self.settings = Settings(action_candidates=4)
        self.metrics = Metrics()
        self._dice, self._user = dice, user

    async def run(self, start, priority):
        return await start(self, None)

    async def complete(self, request, cancelled, on_text):
        for _ in range(self._dice.choice((0, 0, 0, 1, 2))):
            type_something(self._dice, self._user)
            await asyncio.sleep(0)
        on_text("piece")
        text = self._dice.choice(SIMPLER if isinstance(request, ChatRequest) else ANSWERS)
        probability = self._dice.random()
        return Completion(text, (), (), FinishReason.STOP_ID, 0, 0, Timings(), (probability,))

    async def score(self, request, texts, cancelled):
        type_something(self._dice, self._user)
        await asyncio.sleep(0)
        return [-self._dice.random() for _ in texts]


class SilentProgress:
    def report(self, message, percentage):
        pass


def type_something(dice, user):
    length = len(user.text)
    start = dice.randint(0, length)
    end = min(length, start + dice.choice((0, 0, 0, 0, 1, 3, 9)))
    if dice.random() < 0.5:  # whole lines, which users move and delete most
        start = user.text.rfind("\n", 0, start) + 1
        end = dice.choice((start, user.text.find("\n", start) + 1 or length))
    user.edit(start, end, dice.choice(SNIPPETS), whole=dice.random() < 0.15)


async def run_one(dice):
    """The user and the edit that came out, or the sentence instead of one; the ids of the target's characters."""
    user = User(TEXT)
    name, line = dice.choice(
        [("complete_body", 3), ("rewrite_line", 4), ("rewrite_line", 8), ("rewrite_line", 1), ("simplify", 3)]
    )
    if name == "complete_body":
        user.edit(TEXT.index("    y = x\n"), TEXT.index("    pass"), "")
    action = find_action(name)
    snapshot = user.document.snapshot()
    target = action.find(Lines(snapshot), Place(line, line, 0, 0))
    ids = [each for _, each in user.cells[target.first : target.last]]

    async def choose(lines):
        type_something(dice, user)
        return dice.choice([None, *range(len(lines))])

    question = Question(action, Lines(snapshot), target, "a.py")
    with user.document.track(target.first, target.last) as span:
        asking = Asking(ScriptedSession(dice, user), user.documents, user.document, question, span)
        try:
            made = await EditRun(asking, None, dice.choice([None, choose])).edit(SilentProgress())
        except SottoError as error:
            return user, str(error), ids
    return user, made, ids


def test_stale_edit_is_never_made_in_500_random_histories():
    num_made, num_moved, num_refused = 0, 0, 0
    for seed in range(500):
        user, made, ids = asyncio.run(run_one(random.Random(seed)))
        if isinstance(made, str):
            num_refused += 1
            assert made.count(".") >= 1 and len(made) < 200
            continue
        snapshot = user.document.snapshot()
        assert made.version == snapshot.version == user.document.version
        (edit,) = made.edits
        start, end = (snapshot.offset_at(each) for each in (edit.range.start, edit.range.end))
        now = [each for _, each in user.cells]
        first = now.index(ids[0])
        assert now[first : first + len(ids)] == ids, f"seed {seed}: the lines are there, whole and in place"
        assert first <= start <= end <= first + len(ids), f"seed {seed}: the edit stays inside them"
        assert first == 0 or user.text[first - 1] == "\n"
        after = user.text[:start] + edit.new_text + user.text[end:]
        ast.parse(after)
        num_made += 1
        num_moved += user.text != TEXT
    assert num_made > 50 and num_moved > 25 and num_refused > 50, (num_made, num_moved, num_refused)


def test_typing_in_the_lines_ends_the_questions_to_the_model():
    class Impatient(ScriptedSession):
        num_asked = 0

        async def complete(self, request, cancelled, on_text):
            self.num_asked += 1
            user.edit(TEXT.index("y = x"), TEXT.index("y = x"), "z")
            return await super().complete(request, cancelled, on_text)

    user = User(TEXT)
    action = find_action("rewrite_line")
    target = action.find(Lines(user.document.snapshot()), Place(4, 4, 0, 0))
    session = Impatient(random.Random(1), user)
    question = Question(action, Lines(user.document.snapshot()), target, "a.py")
    with user.document.track(target.first, target.last) as span:
        asking = Asking(session, user.documents, user.document, question, span)
        with pytest.raises(SottoError, match="changed meanwhile"):
            asyncio.run(EditRun(asking).edit(SilentProgress()))
    assert session.num_asked == 1
