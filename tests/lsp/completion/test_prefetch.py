"""The queue of what is computed before it is requested: its order, what ends it, what it is good for."""

import asyncio

import pytest
from lsprotocol import types

from lsp.completion.fake_session import FakeSession
from sotto_lsp.completion import prefetch as prefetch_module
from sotto_lsp.completion.fit.fitting import Suggestion
from sotto_lsp.completion.fit.place import Places
from sotto_lsp.completion.prefetch import Prefetch
from sotto_lsp.completion.suffixes import FrozenSuffixes
from sotto_lsp.completion.type_through import TypeThrough
from sotto_lsp.documents.notebooks import Notebooks
from sotto_lsp.documents.store import DocumentStore

URI = "file:///a.py"
PAUSE_S = 0.01


@pytest.fixture(autouse=True)
def no_idle_time(monkeypatch):
    monkeypatch.setattr(prefetch_module, "IDLE_S", 0)


class Place:
    """The document `a = | \\n b`, with "foo" suggested at its bar."""

    def __init__(self, *answers, waits=True, text="foo"):
        self.session = FakeSession(*answers, waits=waits)
        documents, type_through, self.suffixes = DocumentStore(), TypeThrough(), FrozenSuffixes()
        self.document = documents.open(types.TextDocumentItem(URI, "python", 1, "a = \nb"))
        places = Places(self.session, Notebooks(documents))
        self.prefetch = Prefetch(
            self.session, documents, places, type_through, self.suffixes, self.session.find_refusal
        )
        snapshot = self.document.snapshot()
        self.suffixes.nearest(URI, "\nb")
        self.prefetch.plan_after(snapshot, type_through.remember(snapshot, 4, Suggestion(text)))

    def type(self, text, character=4):
        spot = types.Position(0, character)
        change = types.TextDocumentContentChangePartial(types.Range(spot, spot), text)
        self.document.apply([change], self.document.version + 1)
        self.prefetch.document_changed(URI)

    async def end(self, number):
        self.session.runs[number].may_end.set()
        await asyncio.sleep(PAUSE_S)


async def begun(*answers, **options):
    place = Place(*(answers or ["next()"]), **options)
    await asyncio.sleep(PAUSE_S)
    return place


@pytest.mark.asyncio
async def test_following_is_awaited_while_the_model_runs():
    place = await begun()
    waiting = asyncio.create_task(place.prefetch.following("a = foo\nb", 7))
    await asyncio.sleep(PAUSE_S)
    assert not waiting.done()
    await place.end(0)
    assert (await waiting).text == "next()"


@pytest.mark.asyncio
async def test_following_has_its_rest_for_who_types_along():
    place = await begun()
    await place.end(0)
    assert (await place.prefetch.following("a = foone\nb", 9)).text == "xt()"


@pytest.mark.asyncio
@pytest.mark.parametrize(("document", "offset"), [("a = fox\nb", 7), ("a = foo\nb", 6), ("a = foo\nc", 7)])
@pytest.mark.parametrize("is_done", [True, False])
async def test_following_says_nothing_at_another_place(document, offset, is_done):
    place = await begun()
    if is_done:
        await place.end(0)
    assert (await asyncio.wait_for(place.prefetch.following(document, offset), 5)).text == ""


@pytest.mark.asyncio
async def test_following_outlives_a_cancelled_request_for_it():
    place = await begun()
    waiting = asyncio.create_task(place.prefetch.following("a = foo\nb", 7))
    await asyncio.sleep(PAUSE_S)
    waiting.cancel()
    await place.end(0)
    assert (await place.prefetch.following("a = foo\nb", 7)).text == "next()"


@pytest.mark.asyncio
async def test_stop_sets_the_flag_at_once_and_drops_the_answer():
    place = await begun()
    waiting = asyncio.create_task(place.prefetch.following("a = foo\nb", 7))
    await asyncio.sleep(PAUSE_S)
    place.prefetch.stop()
    assert place.session.runs[0].cancelled.is_set()
    assert (await asyncio.wait_for(waiting, 5)).text == ""
    await place.end(0)
    assert (await place.prefetch.following("a = foo\nb", 7)).text == ""
    assert place.session.kinds == ["complete"], "nothing comes after what was stopped"


@pytest.mark.asyncio
async def test_stop_leaves_an_answer_that_is_there():
    place = await begun()
    await place.end(0)
    place.prefetch.stop()
    assert (await place.prefetch.following("a = foo\nb", 7)).text == "next()"


@pytest.mark.asyncio
async def test_accepted_before_the_idle_time_nothing_is_awaited(monkeypatch):
    monkeypatch.setattr(prefetch_module, "IDLE_S", 0.05)
    place = await begun()
    assert (await place.prefetch.following("a = foo\nb", 7)).text == ""
    place.prefetch.stop()
    await asyncio.sleep(0.1)
    assert place.session.runs == []


@pytest.mark.asyncio
async def test_forget_drops_the_answer_of_another_model():
    place = await begun()
    await place.end(0)
    place.prefetch.forget()
    assert (await place.prefetch.following("a = foo\nb", 7)).text == ""


@pytest.mark.asyncio
async def test_order_is_following_then_suffix_then_next_line():
    place = await begun(waits=False)
    assert place.session.kinds == ["complete", "prefill next"], "the suffix is the one that was read"
    assert place.session.runs[1].request.prefix == "a = foo\n"
    place = await begun()
    place.suffixes.forget(URI)
    await place.end(0)
    await place.end(1)
    assert [run.request.prefix for run in place.session.runs] == ["a = foo", "a = ", "a = foo\n"]
    assert place.suffixes.is_exact(URI, "\nb")


@pytest.mark.asyncio
async def test_suffix_that_was_stopped_is_not_renewed():
    place = await begun(text="")
    place.prefetch.stop()
    place.suffixes.forget(URI)
    place.prefetch.plan_after(place.document.snapshot(), place.prefetch._type_through._last[URI])
    await asyncio.sleep(PAUSE_S)
    place.prefetch.stop()
    await place.end(-1)
    assert not place.suffixes.is_exact(URI, "\nb")


@pytest.mark.asyncio
async def test_no_suggestion_is_followed_by_the_next_line_alone():
    place = await begun(text="", waits=False)
    assert [(run.kind, run.request.prefix) for run in place.session.runs] == [("prefill next", "a = \n")]


@pytest.mark.asyncio
async def test_answer_is_there_while_the_next_job_runs():
    place = await begun()
    await place.end(0)
    assert place.session.kinds == ["complete", "prefill next"]
    assert (await place.prefetch.following("a = foo\nb", 7)).text == "next()"


@pytest.mark.asyncio
async def test_edit_along_the_suggestion_leaves_the_queue_alone():
    place = await begun()
    place.type("fo")
    assert not place.session.runs[0].cancelled.is_set()


@pytest.mark.asyncio
async def test_edit_elsewhere_replaces_the_queue_by_its_place():
    place = await begun()
    place.type("x")
    await place.end(0)
    assert [(run.kind, run.request.prefix) for run in place.session.runs[1:]] == [("prefill", "a = x")]


@pytest.mark.asyncio
async def test_whole_text_replaced_ends_the_queue():
    place = await begun()
    place.document.apply([types.TextDocumentContentChangeWholeDocument("c = 1\n")], 2)
    place.prefetch.document_changed(URI)
    await place.end(0)
    assert place.session.kinds == ["complete"]


@pytest.mark.asyncio
async def test_prompt_of_a_menu_replaces_the_queue():
    place = await begun()
    request = place.session.runs[0].request
    place.prefetch.plan_prompt(request)
    await place.end(0)
    assert [(run.kind, run.request) for run in place.session.runs[1:]] == [("prefill", request)]


@pytest.mark.asyncio
async def test_prefetch_is_off_where_the_session_says_so():
    place = Place()
    place.session.is_allowed = False
    await asyncio.sleep(PAUSE_S)
    assert place.session.runs == []
    assert (await place.prefetch.following("a = foo\nb", 7)).text == ""


@pytest.mark.asyncio
async def test_failure_is_no_answer_and_ends_the_queue():
    place = await begun(MemoryError(), waits=False)
    assert (await place.prefetch.following("a = foo\nb", 7)).text == ""
    assert place.session.kinds == ["complete"]
    place.prefetch.plan_prompt(place.session.runs[0].request)
    await asyncio.sleep(PAUSE_S)
    assert place.session.kinds == ["complete", "prefill"]
