"""The session: its settings, its model and the requests under way."""

import asyncio
from types import SimpleNamespace

import pytest

from engine.fakes import make_engine
from lsp.host.scheduling import LONG, at_pass, complete
from sotto_engine.errors import SottoError
from sotto_engine.request import FillInRequest, Limits
from sotto_lsp.host import model_loading
from sotto_lsp.host import session as session_module
from sotto_lsp.host.scheduler import Priority, Scheduler
from sotto_lsp.host.session import Session
from sotto_lsp.settings import Settings

PROMPT = FillInRequest("a = 1\n" * 150, "\n", limits=Limits(max_tokens=4))
MANIFEST = SimpleNamespace(good_for=("inline-completion",), languages=("python",), is_large=False)


async def session_on(engine):
    session = Session()
    session._scheduler = Scheduler(lambda: (engine, MANIFEST))
    session._scheduler.start()
    await session._scheduler.wait_loaded()
    return session


@pytest.mark.asyncio
async def test_superseded_request_leaves_its_rows_to_the_newer_one():
    """Though the newer one comes to the scheduler before the older one's task has noticed that it is cancelled."""
    engine, newer, older_flags = make_engine(), [], []
    session = await session_on(engine)

    async def ask():
        session.supersede("inline", "file:///a.py")
        older_flags.append([flag.is_set() for flag in session._flags.values()])
        return await session.run(complete(PROMPT), Priority.COMPLETION)

    async def ask_again():
        newer.append(asyncio.create_task(ask()))
        await asyncio.sleep(0)  # the newer one's job is in the queue

    at_pass(engine, 3, asyncio.get_running_loop(), ask_again)
    older = asyncio.create_task(ask())
    with pytest.raises(asyncio.CancelledError):
        await older
    assert (await newer[0]).num_cached_tokens == 3 * 64
    assert older_flags == [[], [True]]
    assert not session._flags
    session.stop()


@pytest.mark.asyncio
async def test_request_of_another_kind_or_document_is_not_superseded():
    session = await session_on(make_engine())

    async def ask(method, uri):
        session.supersede(method, uri)
        return await session.run(complete(LONG), Priority.COMPLETION)

    asked = [("inline", "a"), ("inline", "b"), ("completion", "a")]
    done = await asyncio.gather(*(ask(*each) for each in asked))
    assert len({each.token_ids for each in done}) == 1
    assert not session._flags
    await asyncio.sleep(0)
    assert not session._under_way
    session.stop()


@pytest.mark.asyncio
async def test_run_without_a_model_says_how_to_get_one():
    with pytest.raises(SottoError, match=r"sotto\.enabled"):
        await Session().run(complete(LONG), Priority.ACTION)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("look_ahead", "battery", "expected"),
    [("on", True, True), ("off", False, False), ("auto", True, False), ("auto", False, True)],
)
async def test_prefetch_is_allowed_by_the_setting_and_the_battery(monkeypatch, look_ahead, battery, expected):
    monkeypatch.setattr(session_module, "is_on_battery", lambda: battery)
    session = await session_on(make_engine())
    session.settings = Settings(look_ahead=look_ahead)
    assert await session.may_prefetch() is expected
    session.stop()


@pytest.mark.asyncio
async def test_configure_calls_what_has_to_forget_the_old_settings():
    session, calls = Session(), []
    session.on_configured += [lambda: calls.append("completer"), lambda: calls.append("actions")]
    await session.configure(Settings(enabled=False))
    assert calls == ["completer", "actions"]
    assert not await session.may_prefetch()


@pytest.mark.asyncio
async def test_failure_to_load_is_reported_once(monkeypatch):
    def fail(_named):
        raise SottoError("no such model")

    monkeypatch.setattr(model_loading, "resolve_model", fail)
    session, reports = Session(), []
    session.report_failure = reports.append
    await session.configure(Settings())
    with pytest.raises(SottoError):
        await session.run(complete(LONG), Priority.COMPLETION)
    assert reports == ["no such model"] and not session.is_ready and not session.good_for_in("python")
    session.stop()
