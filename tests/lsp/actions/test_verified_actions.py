"""Actions whose answers go to the project's checkers: what these refuse is not applied, the next one is asked for."""

import asyncio
import sys
from pathlib import Path

import pytest
from lsprotocol import types

from lsp.scripted_model import ScriptedModel, marked
from sotto_engine.errors import SottoError
from sotto_lsp.actions.asking import Asking
from sotto_lsp.actions.catalogue import find_action
from sotto_lsp.actions.checks import make_verifier
from sotto_lsp.actions.edit_run import EditRun
from sotto_lsp.actions.proposal import Question
from sotto_lsp.actions.user_actions.reading import read_definitions
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.paths import WorkspaceFile
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.host.metrics import Metrics
from sotto_lsp.settings import Settings

MINE = '[[action]]\ntitle = "Shorter"\ninstruction = "Say it in one line."\ncheck = {check}\n'
CODE = "def area(rs):\n▮    out = []\n    for r in rs:\n        out.append(3 * r)\n▮    return out\n"
UNUSED, GOOD = "out = [3 * r for r in rs]\nother = 1", "out = [3 * r for r in rs]"
MISSPELT = "def mean(values):\n    total = sum(values)\n    return ▮totl▮ / len(values)\n"


class ScriptedSession(ScriptedModel):
    """The session's side of a model; weighs every repair the same."""

    def __init__(self, allowed, answers):
        super().__init__(*answers)
        self.settings = Settings(action_checkers=tuple(allowed))
        self.metrics = Metrics()

    async def run(self, start, priority):
        return await start(self, None)

    def complete(self, request, cancelled, on_text):
        return self.generate(request)

    async def score(self, request, texts, cancelled):
        return [0.0] * len(texts)


class Progress:
    def report(self, message, percentage):
        pass


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run an action at a place of a drawn text with these answers: the text after it and the sentence."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    (tmp_path / "ruff.toml").write_text('lint.select = ["F"]\n')
    uri = (tmp_path / "app.py").as_uri()

    async def edited(action, drawn, allowed, answers, uri=uri, **said):
        lines, place = marked(drawn)
        place = place.__class__(place.first_line, place.last_line, place.start, place.end, **said)
        documents = DocumentStore()
        document = documents.open(types.TextDocumentItem(uri, "python", 1, lines.snapshot.text))
        lines = Lines(document.snapshot())
        target = action.find(lines, place)
        session = ScriptedSession(allowed, answers)
        file = WorkspaceFile.of(uri, [tmp_path.as_uri()])
        with document.track(target.first, target.last) as span:
            verifier = make_verifier(action, place, "python", file, session.settings.action_checkers)
            question = Question(action, lines, target, "app.py")
            try:
                edit = await EditRun(Asking(session, documents, document, question, span), verifier).edit(Progress())
            except SottoError as error:
                return document.text, str(error), len(session.requests)
        (change,) = edit.edits
        start, end = (lines.snapshot.offset_at(each) for each in (change.range.start, change.range.end))
        text = document.text[:start] + change.new_text + document.text[end:]
        return text, edit.sentence, len(session.requests)

    return lambda *args, **said: asyncio.run(edited(*args, **said))


def mine(check):
    (definition,), _ = read_definitions(MINE.format(check=check).encode())
    return definition.action()


def test_checker_refuses_an_answer_and_the_next_is_asked_for(run):
    text, sentence, num_asked = run(mine('["parses", "ruff"]'), CODE, ["ruff"], [UNUSED, GOOD, "never asked"])
    assert text == "def area(rs):\n    out = [3 * r for r in rs]\n    return out\n" and num_asked == 2
    assert sentence == (
        "done; checked that the file compiles, every name it reads is known, ruff reports no new error (2 answers)."
    )


def test_checker_refuses_every_answer_and_nothing_is_changed(run):
    text, sentence, num_asked = run(mine('["ruff"]'), CODE, ["ruff"], [UNUSED, UNUSED + "0", "out = ("])
    assert text == CODE.replace("▮", "") and num_asked == 3
    assert "answers passes the checks (the likeliest: ruff reports F841" in sentence


def test_checker_that_is_not_allowed_is_named_and_not_run(run, tmp_path):
    planted = tmp_path / ".venv" / "bin" / "ruff"
    planted.parent.mkdir(parents=True)
    planted.write_text(f"#!/bin/sh\ntouch {tmp_path / 'run'}\n")
    planted.chmod(0o755)
    text, sentence, _ = run(mine('["ruff"]'), CODE, ["mypy"], [UNUSED])
    assert "other = 1" in text, "what ruff would have refused"
    assert sentence.endswith("Not checked: ruff, which sotto.actionCheckers does not allow.")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "drawn", "bad", "good"),
    [
        ("simplify", CODE, UNUSED, GOOD),
        ("rewrite_selection", CODE, UNUSED, GOOD),
        ("complete_body", "def size(path):\n    ▮pass\n", "total = 1\n", "return 1\n"),
        ("complete_body", "import os\n\n\ndef size(path):▮\n\n\nx = 1\n", "total = 1\n", "return 1\n"),
        ("implement_todo", "def f(x):\n    # TODO: add ▮one\n    return x\n", "y = x + 1\n", "x = x + 1\n"),
        ("rewrite_line", "def f(x):\n    ▮x += 1\n    return x\n", "y = x + 1\n", "x = x + 1\n"),
    ],
    ids=["simplify", "rewrite", "body", "body of a text that does not parse", "todo", "line"],
)
def test_checkers_that_are_allowed_see_what_the_model_writes(run, name, drawn, bad, good):
    said = {"instruction": "Say it shorter."} if name == "rewrite_selection" else {}
    text, sentence, _ = run(find_action(name), drawn, ["ruff"], [bad] + [good] * 4, **said)
    wrong = bad.split("\n")[-2 if bad.endswith("\n") else -1]
    assert good.strip() in text and wrong not in text
    assert "ruff reports no new error" in sentence and "Not checked" not in sentence
    text, sentence, _ = run(find_action(name), drawn, [], [bad] + [good] * 4, **said)
    assert wrong in text and "ruff" not in sentence


def test_unchecked_is_what_the_message_calls_an_unsaved_document(run):
    _, sentence, _ = run(mine('["ruff"]'), CODE, ["ruff"], [UNUSED], uri="untitled:Untitled-1")
    assert sentence.endswith("Not checked: ruff, which needs a file.")


def test_checkers_are_not_run_for_an_action_that_names_none(run):
    _, sentence, num_asked = run(mine('["parses", "keeps-names"]'), CODE, ["ruff", "pyright"], [UNUSED])
    assert "ruff" not in sentence and "Not checked" not in sentence and num_asked == 1


def test_search_result_that_mends_the_diagnostic_is_applied(run):
    said = {"message": "Undefined name `totl`", "source": "Ruff", "code": "F821"}
    text, sentence, _ = run(find_action("fix_name"), MISSPELT, ["ruff"], [], **said)
    assert text == MISSPELT.replace("▮totl▮", "total")
    assert "ruff no longer reports F821 and no new error" in sentence
