"""What nobody has asked for yet is computed while the machine is idle, and no more once somebody asks. Counted."""

import asyncio
from functools import partial

import pytest

from engine.fakes import make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.request import FillInRequest, Limits
from sotto_lsp.completion import background as background_module
from sotto_lsp.host import session as session_module
from sotto_lsp.host.scheduler import Worker
from sotto_lsp.host.session import Session
from sotto_lsp.settings import Settings

REQUEST = FillInRequest("a = 1\n" * 150, "\n", limits=Limits(max_tokens=4))


@pytest.fixture(autouse=True)
def no_idle_time(monkeypatch):
    monkeypatch.setattr(background_module, "IDLE_S", 0)


class Manifest:
    good_for = ("inline-completion",)


async def session_on(engine, look_ahead="on"):
    session = Session()
    session.settings = Settings(look_ahead=look_ahead)
    session._worker = Worker(lambda: (engine, Manifest()))
    session._worker.start()
    await session._worker.wait_loaded()
    return session


def begin(session, request=REQUEST):
    return session.background.begin(partial(session.prefill, request))


def interrupt(engine, loop, what, after=3):
    """Run `what` on the event loop between two passes."""
    remaining = iter(range(after))

    def between_passes():
        if next(remaining, None) is None:
            engine.model.before_pass = lambda: None
            asyncio.run_coroutine_threadsafe(what(), loop).result()

    engine.model.before_pass = between_passes


def test_the_question_finds_its_prompt_computed():
    engine = make_engine()

    async def run():
        session = await session_on(engine)
        await begin(session).result()
        num_computed = engine.model.num_computed
        done = await session.generate(REQUEST, lambda piece: None)
        session.stop()
        return session.metrics, num_computed, done

    metrics, num_computed, done = asyncio.run(run())
    assert num_computed == done.num_prompt_tokens == metrics.num_ahead_tokens > 300
    assert done.num_prompt_tokens - done.num_cached_tokens == 2


@pytest.mark.parametrize("question", ["complete", "generate"])
def test_a_question_waits_for_one_pass_at_most_and_what_was_computed_is_kept(question):
    engine, asked = make_engine(), []

    async def run():
        session = await session_on(engine)

        async def ask():
            answer = session.generate(REQUEST, print) if question == "generate" else session.complete(REQUEST)
            asked.append(asyncio.create_task(answer))
            await asyncio.sleep(0)  # it is handed over
            asked.append(engine.model.num_computed)

        interrupt(engine, asyncio.get_running_loop(), ask)
        job = begin(session)
        await job.task
        task, num_computed = asked
        done = await task
        session.stop()
        return num_computed, done, session.metrics.num_ahead_tokens

    num_computed, done, num_ahead = asyncio.run(run())
    assert num_computed == 3 * 64 == done.num_cached_tokens == num_ahead


def test_work_that_is_broken_off_goes_on_where_it_was():
    engine = make_engine()

    async def run():
        session = await session_on(engine)

        async def stop():
            session.background.stop()

        interrupt(engine, asyncio.get_running_loop(), stop)
        assert await begin(session).result() is None
        await begin(session).task
        session.stop()

    asyncio.run(run())
    done = run_steps(make_engine().complete(REQUEST, CancelFlag()))
    assert engine.model.num_computed == done.num_prompt_tokens


@pytest.mark.parametrize("allowed", [True, False])
def test_only_the_newest_counts_and_only_where_the_setting_allows_it(allowed):
    engine = make_engine()

    async def run():
        session = await session_on(engine, "on" if allowed else "off")
        for number in range(20):
            begin(session, FillInRequest(f"b = {number}\n" * 100, "", limits=Limits(max_tokens=4)))
        await begin(session).task
        session.stop()

    asyncio.run(run())
    num_needed = run_steps(make_engine().complete(REQUEST, CancelFlag())).num_prompt_tokens
    assert engine.model.num_computed == (num_needed if allowed else 0)


def test_who_never_asks_costs_a_few_prompts_and_who_asks_gets_more(monkeypatch):
    monkeypatch.setattr(session_module, "_MAX_UNASKED_TOKENS", 1000)
    engine = make_engine()

    async def run():
        session = await session_on(engine)
        for number in range(20):
            await begin(session, FillInRequest(f"b = {number}\n" * 100, "", limits=Limits(max_tokens=4))).task
        unasked = engine.model.num_computed
        await session.complete(REQUEST)
        asked = engine.model.num_computed
        await begin(session, FillInRequest("c = 2\n" * 100, "", limits=Limits(max_tokens=4))).task
        session.stop()
        return unasked, engine.model.num_computed - asked

    unasked, more = asyncio.run(run())
    assert 1000 <= unasked < 2000
    assert more > 300


def test_a_question_whose_time_ran_out_in_its_prompt_is_computed_on(monkeypatch):
    monkeypatch.setattr(session_module, "_GRACE_S", 60.0)  # not the session's, which a busy machine reaches
    engine = make_engine()
    late = FillInRequest(REQUEST.prefix, "\n", limits=Limits(max_tokens=4, deadline_ms=0.0001))

    async def run():
        session = await session_on(engine)
        assert not (await session.complete(late)).text
        num_computed = engine.model.num_computed
        await session.background._job.task
        done = await session.complete(REQUEST)
        session.stop()
        return num_computed, done

    num_computed, done = asyncio.run(run())
    assert num_computed == 64
    assert done.num_prompt_tokens - done.num_cached_tokens == 2


def test_a_failure_is_no_answer_and_a_finished_answer_outlives_a_stop():
    async def fail(flag):
        raise MemoryError

    async def answer(flag):
        return "there"

    async def run():
        background = Session().background
        assert await background.begin(fail).result() is None
        job = background.begin(answer)
        assert await job.result() == "there"
        background.stop()
        assert await job.result() == "there"

    asyncio.run(run())
