"""One keystroke: what answers it, and when nothing is shown."""

import asyncio

import pytest
from lsprotocol import types

from lsp.completion.fake_session import FakeSession
from sotto_engine.errors import SottoError
from sotto_lsp.completion import answering as answering_module
from sotto_lsp.completion.completer import Completer
from sotto_lsp.completion.handlers import completion, inline_completion
from sotto_lsp.documents.notebooks import Notebooks
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.settings import Settings

URI = "file:///a.py"


class Editor:
    """A client with one document, `a = `, and its cursor at the end."""

    def __init__(self, *answers, **options):
        self.session = FakeSession(*answers, **options)
        self.documents = DocumentStore()
        self.document = self.documents.open(types.TextDocumentItem(URI, "python", 1, "a = "))
        self.completer = Completer(self.session, self.documents, Notebooks(self.documents))

    def type(self, text):
        end = self.document.snapshot().position_at(len(self.document.text))
        change = types.TextDocumentContentChangePartial(types.Range(end, end), text)
        self.document.apply([change], self.document.version + 1)
        self.completer.document_changed(URI)

    async def ghost(self):
        snapshot = self.document.snapshot()
        return (await self.completer.suggest(snapshot, len(snapshot.content))).text


@pytest.mark.asyncio
async def test_type_through_answers_without_the_model():
    editor = Editor("foo(1)")
    assert await editor.ghost() == "foo(1)"
    editor.type("fo")
    assert await editor.ghost() == "o(1)"
    assert editor.session.kinds == ["complete"]


@pytest.mark.asyncio
async def test_settings_of_another_model_forget_the_suggestion():
    editor = Editor("foo(1)", "bar")
    assert await editor.ghost() == "foo(1)"
    for forget in editor.session.on_configured:
        forget()
    assert await editor.ghost() == "bar"


@pytest.mark.asyncio
@pytest.mark.parametrize("how", ["edited", "closed"])
async def test_stale_suggestion_is_not_shown(how):
    editor = Editor("foo", waits=True)
    asked = asyncio.create_task(editor.ghost())
    await asyncio.sleep(0)
    editor.type("x") if how == "edited" else editor.documents.close(URI)
    editor.session.runs[0].may_end.set()
    assert await asked == ""


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [SottoError("no model"), RuntimeError("a bug")])
async def test_failed_request_shows_nothing(error):
    assert await Editor(error).ghost() == ""


@pytest.mark.asyncio
async def test_late_answer_shows_nothing_and_its_prompt_is_computed(monkeypatch):
    monkeypatch.setattr(answering_module, "_GRACE_S", 0)
    monkeypatch.setattr("sotto_lsp.completion.prefetch.IDLE_S", 0)
    editor = Editor("foo", waits=True)
    editor.session.settings = Settings(budget_ms=1)
    assert await editor.ghost() == ""
    await asyncio.sleep(0.01)
    assert editor.session.kinds == ["complete", "prefill"]


@pytest.mark.asyncio
async def test_selected_entry_is_in_front_of_the_ghost():
    editor = Editor("(1)")
    editor.type("fo")
    selected = types.Range(types.Position(0, 4), types.Position(0, 6))
    context = types.InlineCompletionContext(
        types.InlineCompletionTriggerKind.Automatic, types.SelectedCompletionInfo(selected, "foo")
    )
    document = types.TextDocumentIdentifier(URI)
    shown = await inline_completion(
        editor.completer, types.InlineCompletionParams(context, document, types.Position(0, 6))
    )
    assert [(item.insert_text, item.range) for item in shown.items] == [("foo(1)", selected)]
    assert editor.session.runs[0].request.prefix == "a = foo"


@pytest.mark.asyncio
async def test_list_entry_replaces_the_word_before_the_cursor():
    editor = Editor("oo(1)", "")
    editor.type("f")
    params = types.CompletionParams(types.TextDocumentIdentifier(URI), types.Position(0, 5))
    shown = await completion(editor.completer, params)
    (item,) = shown.items
    assert (item.label, item.filter_text, item.text_edit.new_text) == ("foo(1)", "f", "foo(1)")
    assert item.text_edit.range.start.character == 4
    editor.type("x")
    params = types.CompletionParams(types.TextDocumentIdentifier(URI), types.Position(0, 6))
    nothing = await completion(editor.completer, params)
    assert nothing.is_incomplete and nothing.items == []


@pytest.mark.asyncio
@pytest.mark.parametrize(("uri", "kinds"), [(URI, ["prefill"]), ("file:///project/.env.py", [])])
async def test_file_that_is_left_alone_is_not_read_ahead_either(monkeypatch, uri, kinds):
    monkeypatch.setattr("sotto_lsp.completion.prefetch.IDLE_S", 0)
    editor = Editor()
    editor.documents.open(types.TextDocumentItem(uri, "python", 1, "key = 1\n"))
    editor.completer.document_opened(uri)
    while editor.completer.prefetch._running is not None:
        await asyncio.sleep(0)
    assert editor.session.kinds == kinds
