"""Each silence and each cut has a reason that the user can ask for."""

import json
import re
from pathlib import Path

import pytest

import sotto_lsp
from e2e.raw_client import EVERYTHING
from sotto_lsp.completion.filters import FILTERS
from sotto_lsp.host.explanations import REASONS

URI = "file:///project/app.py"


@pytest.mark.parametrize("kind", [1, 2])
def test_explain_last_has_what_was_shown_and_how(editor, kind):
    editor.open_text("def mean(values):\n    return sum(values) / len(", URI)
    items = editor.inline(kind=kind)
    (explained,) = editor.explain_last()
    assert explained["shown"] == items[0]["insertText"]
    assert (explained["uri"], explained["line"], explained["character"]) == (URI, 1, 29)
    assert explained["source"] == "model" and explained["promptTokens"] > 5
    assert explained["probabilities"] and explained["timings"]["total"] > 0
    typed = editor.type(items[0]["insertText"][0])
    editor.inline(typed, kind=kind)
    newest, older = editor.explain_last()
    assert newest["source"] == "shown" and older == explained


@pytest.mark.parametrize(
    ("settings", "uri", "language_id", "reason"),
    [
        ({"enabled": False}, URI, "python", "off"),
        ({"disabledLanguages": ["python"]}, URI, "python", "language-off"),
        ({}, URI, "yaml", "language-unknown"),
        ({}, "file:///project/.env", "python", "secret-file"),
        ({"comments": False}, URI, "python", "in-comment"),
        ({"minProbability": 1}, URI, "python", "unsure"),
    ],
)
def test_explain_last_says_why_nothing_was_shown(start_server, settings, uri, language_id, reason):
    editor = start_server()
    editor.initialize(initializationOptions=EVERYTHING | settings)
    editor.open_text("x = 1  # the ", uri, language_id)
    assert editor.inline(kind=2) == []
    assert [each["code"] for each in editor.explain_last()[0]["reasons"]] == [reason]
    assert editor.explain_last()[0]["reasons"][0]["sentence"]


def test_explain_last_says_what_a_newer_request_has_cancelled(editor):
    text = "def mean(values):\n    return sum(values) / len("
    editor.open_text(text, URI)
    ids = [editor.send_request("textDocument/inlineCompletion", editor.inline_params()) for _ in range(2)]
    cancelled, answered = (editor.wait(each) for each in ids)
    assert "error" in cancelled and answered["result"]["items"]
    newest, older = editor.explain_last()
    assert newest["shown"]
    assert [each["code"] for each in older["reasons"]] == ["cancelled"]


def test_explain_last_is_a_message_where_the_client_drops_answers(start_server):
    editor = start_server()
    editor.initialize(initializationOptions=EVERYTHING, clientInfo={"name": "helix"})
    editor.open_text("x = f(a)", URI)
    assert editor.inline(kind=2) == []
    assert editor.explain_last()
    messages = [each["params"]["message"] for each in editor.notifications if each["method"] == "window/showMessage"]
    assert any("complete-statement" in each for each in messages)


def test_every_code_in_the_source_has_its_sentence():
    codes = {filter_.__name__.replace("_", "-") for filter_ in FILTERS}
    for path in Path(sotto_lsp.__file__).parent.joinpath("completion").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        codes |= set(re.findall(r'"((?:[a-z]+-)+[a-z]+)"', text))
    assert codes <= REASONS.keys()
    assert all(sentence.endswith(".") for sentence in REASONS.values())
    json.dumps(REASONS)
