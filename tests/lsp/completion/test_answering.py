"""Who answers: the model where it has read the place, else the embedded one, else the model from a narrow window."""

import asyncio
from dataclasses import replace

import pytest
from lsprotocol import types

from lsp.completion.fake_session import FakeSession
from sotto_engine.request import FinishReason
from sotto_lsp.completion.completer import Completer
from sotto_lsp.documents.notebooks import Notebooks
from sotto_lsp.documents.store import DocumentStore

URI = "file:///a.py"
TEXT = "import os\n\n\n" + "x = 1\n" * 100 + "a = "


class SlowSession(FakeSession):
    """A model that has read nothing until it is told to, or has read it in the background."""

    def __init__(self, *answers, **options):
        super().__init__(*answers, **options)
        self.quick_tokens = 30
        self.loaded_name = "large"
        self.has_read = False

    async def run(self, start, priority, cancelled=None):
        completion = await super().run(start, priority, cancelled)
        if self.runs[-1].kind == "prefill":
            self.has_read = True
            return 0
        request = self.runs[-1].request
        is_narrow = len(request.prefix) < 200
        if request.limits.only_read and not self.has_read and not is_narrow:
            return replace(completion, text="", finish_reason=FinishReason.UNREAD)
        return completion


class Editor:
    def __init__(self, main, stand_in=None):
        self.main, self.stand_in = main, stand_in
        main.stand_in = stand_in
        if stand_in is not None:
            stand_in.is_ready, stand_in.loaded_name = True, "small"
        self.documents = DocumentStore()
        self.document = self.documents.open(types.TextDocumentItem(URI, "python", 1, TEXT))
        self.completer = Completer(main, self.documents, Notebooks(self.documents))

    async def ghost(self, typed="", **options):
        if typed:
            end = self.document.snapshot().position_at(len(self.document.text))
            change = types.TextDocumentContentChangePartial(types.Range(end, end), typed)
            self.document.apply([change], self.document.version + 1)
        snapshot = self.document.snapshot()
        shown = await self.completer.suggest(snapshot, len(snapshot.content), **options)
        last = self.completer.explanations.report()[0]
        return shown.text, last["source"], last["model"]

    async def read(self):
        while not self.main.has_read:
            await asyncio.sleep(0)
        await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_embedded_model_answers_until_the_larger_one_has_read_the_place():
    editor = Editor(SlowSession("large()"), FakeSession("small()", "more()"))
    assert await editor.ghost() == ("small()", "embedded", "small")
    await editor.read()
    assert editor.main.kinds == ["prefill"]
    assert await editor.ghost("b") == ("large()", "model", "large")


@pytest.mark.asyncio
async def test_suggestion_on_the_screen_is_not_swapped():
    editor = Editor(SlowSession("large()"), FakeSession("small()"))
    assert (await editor.ghost())[0] == "small()"
    await editor.read()
    assert await editor.ghost("sm") == ("all()", "shown", "")


@pytest.mark.asyncio
async def test_typing_does_not_end_the_reading():
    main = SlowSession(waits=True)
    editor = Editor(main, FakeSession("small()", "more()", "and()"))
    await editor.ghost()
    await asyncio.sleep(0)
    await editor.ghost("b")
    await editor.ghost("c")
    assert main.kinds == ["prefill"] and not main.runs[0].cancelled.is_set()


@pytest.mark.asyncio
async def test_another_file_gives_the_reading_up():
    main = SlowSession(waits=True)
    editor = Editor(main, FakeSession("small()", "more()"))
    await editor.ghost()
    await asyncio.sleep(0)
    other = editor.documents.open(types.TextDocumentItem("file:///b.py", "python", 1, "y = 2\n" * 99)).snapshot()
    await editor.completer.suggest(other, len(other.content))
    await asyncio.sleep(0)
    assert main.kinds == ["prefill", "prefill"] and main.runs[0].cancelled.is_set()


@pytest.mark.asyncio
async def test_model_that_is_not_in_memory_yet_is_stood_in_for():
    main = SlowSession("large()")
    main.is_resident, main.quick_tokens = False, 0
    assert await Editor(main, FakeSession("small()")).ghost() == ("small()", "embedded", "small")


@pytest.mark.asyncio
async def test_without_a_stand_in_a_narrow_window_is_read_at_once():
    editor = Editor(SlowSession("", "narrow()", "large()"))
    assert await editor.ghost() == ("narrow()", "model", "large")
    asked = [run.request for run in editor.main.runs if run.kind == "complete"]
    assert len(asked[0].prefix) > 500 and len(asked[1].prefix) <= 90
    await editor.read()
    assert (await editor.ghost("b"))[0] == "large()"


@pytest.mark.asyncio
async def test_who_asks_waits_for_the_larger_model():
    editor = Editor(SlowSession("large()"), FakeSession("small()"))
    assert await editor.ghost(is_invoked=True) == ("large()", "model", "large")


@pytest.mark.asyncio
async def test_fast_model_answers_by_itself():
    main = SlowSession("large()")
    main.quick_tokens = 0
    editor = Editor(main, FakeSession("small()"))
    assert await editor.ghost() == ("large()", "model", "large")
    assert main.kinds == ["complete"]
