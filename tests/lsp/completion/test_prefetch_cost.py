"""Prefetch on an engine: what a request finds computed, what it waits for, what is computed in vain. Counted."""

import asyncio
from types import SimpleNamespace

import pytest
from lsprotocol import types

from engine.fakes import make_engine
from lsp.host.scheduling import at_pass, complete
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.request import FillInRequest, FinishReason, Limits, StopAt
from sotto_lsp.completion import answering as answering_module
from sotto_lsp.completion import prefetch as prefetch_module
from sotto_lsp.completion.completer import Completer
from sotto_lsp.documents.notebooks import Notebooks
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.host.scheduler import Priority, Scheduler
from sotto_lsp.host.session import Session
from sotto_lsp.settings import Settings

REQUEST = FillInRequest("a = 1\n" * 150, "\n", limits=Limits(max_tokens=4))
MANIFEST = SimpleNamespace(good_for=("inline-completion",), languages=(), is_large=False)


@pytest.fixture(autouse=True)
def no_idle_time(monkeypatch):
    monkeypatch.setattr(prefetch_module, "IDLE_S", 0)


class Server:
    """A completer on a session with a loaded engine."""

    def __init__(self, engine, look_ahead="on"):
        self.engine = engine
        self.session = Session()
        self.session.settings = Settings(look_ahead=look_ahead)
        self.session._scheduler = Scheduler(lambda: (engine, MANIFEST))
        self.session._scheduler.start()
        self.session._configured.set()
        self.documents = DocumentStore()
        self.completer = Completer(self.session, self.documents, Notebooks(self.documents))
        self.prefetch = self.completer.prefetch

    @property
    def num_computed(self):
        return self.engine.model.num_computed

    async def idle(self):
        """Until nothing is left to prefetch."""
        while self.prefetch._running is not None:
            await asyncio.sleep(0.001)

    async def prefill(self, request=REQUEST):
        self.prefetch.plan_prompt(request)
        await self.idle()

    async def suggest(self, text, **settings):
        """`(what is shown, the prompt tokens that were computed for it)` before the text's last line end."""
        self.session.settings = Settings(look_ahead="on", **settings)
        document = self.documents.open(types.TextDocumentItem("file:///a.py", "python", 1, text))
        num_before = self._num_uncached()
        shown = await self.completer.suggest(document.snapshot(), len(text) - 1)
        return shown.text, self._num_uncached() - num_before

    def _num_uncached(self):
        return self.session.metrics.num_prompt_tokens - self.session.metrics.num_cached_tokens


def run_on(engine, test, **options):
    async def main():
        server = Server(engine, **options)
        await server.session._scheduler.wait_loaded()
        try:
            return await test(server)
        finally:
            server.prefetch.stop()
            server.session.stop()

    return asyncio.run(asyncio.wait_for(main(), 60))


def prompt(number):
    return FillInRequest(f"b = {number}\n" * 100, "", limits=Limits(max_tokens=4))


def test_request_finds_its_prompt_computed():
    async def test(server):
        await server.prefill()
        num_computed = server.num_computed
        done = await server.session.run(complete(REQUEST), Priority.ACTION)
        assert num_computed == done.num_prompt_tokens == server.session.metrics.num_ahead_tokens > 300
        assert done.num_prompt_tokens - done.num_cached_tokens == 2

    run_on(make_engine(), test)


@pytest.mark.parametrize("priority", [Priority.COMPLETION, Priority.ACTION])
def test_request_waits_for_one_pass_and_finds_what_was_computed(priority):
    engine, asked = make_engine(), []

    async def test(server):
        async def ask():
            asked.append(asyncio.create_task(server.session.run(complete(REQUEST), priority)))
            await asyncio.sleep(0)  # it is handed over
            asked.append(server.num_computed)

        at_pass(engine, 3, asyncio.get_running_loop(), ask)
        server.prefetch.plan_prompt(REQUEST)
        while len(asked) < 2:
            await asyncio.sleep(0.001)
        task, num_computed = asked
        done = await task
        assert num_computed == 3 * 64 == done.num_cached_tokens == server.session.metrics.num_ahead_tokens

    run_on(engine, test)


def test_stopped_prompt_goes_on_where_it_was():
    engine = make_engine()

    async def test(server):
        async def stop():
            server.prefetch.stop()

        at_pass(engine, 3, asyncio.get_running_loop(), stop)
        await server.prefill()
        assert server.num_computed == 3 * 64
        await server.prefill()

    run_on(engine, test)
    done = run_steps(make_engine().complete(REQUEST, CancelFlag()))
    assert engine.model.num_computed == done.num_prompt_tokens


@pytest.mark.parametrize("look_ahead", ["on", "off"])
def test_newest_plan_counts_and_only_where_the_setting_allows_it(look_ahead):
    engine = make_engine()

    async def test(server):
        for number in range(20):
            server.prefetch.plan_prompt(prompt(number))
        await server.prefill()

    run_on(engine, test, look_ahead=look_ahead)
    num_needed = run_steps(make_engine().complete(REQUEST, CancelFlag())).num_prompt_tokens
    assert engine.model.num_computed == (num_needed if look_ahead == "on" else 0)


def test_tokens_without_a_suggestion_are_bounded(monkeypatch):
    monkeypatch.setattr(prefetch_module, "_MAX_TOKENS", 1000)

    async def test(server):
        for number in range(20):
            await server.prefill(prompt(number))
        assert 1000 <= server.num_computed < 2000
        await server.suggest(REQUEST.prefix + "\n", max_tokens=4, budget_ms=60_000)
        await server.idle()
        num_computed = server.num_computed
        await server.prefill(FillInRequest("c = 2\n" * 100, "", limits=Limits(max_tokens=4)))
        assert server.num_computed - num_computed > 300

    run_on(make_engine(), test)


def test_late_request_has_its_prompt_computed_for_the_next(monkeypatch):
    monkeypatch.setattr(answering_module, "_GRACE_S", 60.0)  # the engine ends it, however busy the machine is

    async def test(server):
        text = REQUEST.prefix + "\n"
        shown, _ = await server.suggest(text, max_tokens=4, budget_ms=0.0001)
        assert (shown, server.num_computed) == ("", 64)
        await server.idle()
        _, num_uncached = await server.suggest(text, max_tokens=4, budget_ms=60_000)
        assert num_uncached == 2

    run_on(make_engine(), test)


def test_stopped_suggestion_leaves_its_rows_to_the_next_request():
    engine = make_engine()
    shown = FillInRequest("a = 1\n" * 60 + "b", "\n", limits=Limits(max_tokens=4))
    limits = Limits(max_tokens=900, stop_at=StopAt.BUDGET)
    after = FillInRequest("a = 1\n" * 60 + "b = a\n", "\n", limits=limits)

    async def test(server):
        await server.session.run(complete(shown), Priority.COMPLETION)
        flag, num_passes = CancelFlag(), len(engine.model.passes)
        following = asyncio.create_task(server.session.run(complete(after), Priority.PREFETCH, flag))
        while len(engine.model.passes) < num_passes + 3:
            await asyncio.sleep(0)
        flag.set()  # as Prefetch.stop does, before the request is handed over
        done = await server.session.run(complete(shown), Priority.COMPLETION)
        assert (await following).finish_reason is FinishReason.CANCELLED
        assert done.num_prompt_tokens - done.num_cached_tokens == 2

    run_on(engine, test)
