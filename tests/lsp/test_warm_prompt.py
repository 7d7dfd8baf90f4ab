"""While the menu is open the first action's prompt is computed, and no more once the user types. Counted."""

import asyncio

import pytest

from engine.fakes import make_engine
from sotto_engine.request import CompletionRequest
from sotto_lsp.session import Session
from sotto_lsp.settings import Settings
from sotto_lsp.worker import Worker

REQUEST = CompletionRequest("a = 1\n" * 150, "\n", max_tokens=4)


class Manifest:
    good_for = ("inline-completion",)


async def session_on(engine, look_ahead="on"):
    session = Session()
    session.settings = Settings(lookAhead=look_ahead)
    session._worker = Worker(lambda: (engine, Manifest()))
    session._worker.start()
    await session._worker.wait_loaded()
    return session


async def settled(session):
    await session.warm_prompt._task


async def asked_after(session, engine):
    """`(tokens computed before the action asks, its answer)`"""
    await settled(session)
    num_computed = engine.model.num_computed
    done = await session.generate(REQUEST, lambda piece: None)
    session.stop()
    return num_computed, done


def test_the_action_finds_its_prompt_computed():
    engine = make_engine()

    async def run():
        session = await session_on(engine)
        session.warm_prompt.begin(REQUEST)
        return await asked_after(session, engine)

    num_computed, done = asyncio.run(run())
    assert num_computed == done.num_prompt_tokens > 300
    assert done.num_prompt_tokens - done.num_cached_tokens == 2


def test_an_edit_ends_it_within_a_pass_and_what_was_computed_is_kept():
    engine = make_engine()

    async def run():
        session = await session_on(engine)
        loop = asyncio.get_running_loop()
        remaining = iter(range(3))

        def third_pass():
            if next(remaining, None) is None:
                engine.model.before_pass = lambda: None
                asyncio.run_coroutine_threadsafe(edited(session), loop).result()

        engine.model.before_pass = third_pass
        session.warm_prompt.begin(REQUEST)
        return await asked_after(session, engine)

    async def edited(session):
        session.warm_prompt.stop()

    num_computed, done = asyncio.run(run())
    assert num_computed == 3 * 64 == done.num_cached_tokens


@pytest.mark.parametrize("newer", [True, False])
def test_only_the_newest_menu_counts_and_only_where_the_setting_allows_it(newer):
    engine = make_engine()

    async def run():
        session = await session_on(engine, "on" if newer else "off")
        for number in range(20):
            session.warm_prompt.begin(CompletionRequest(f"b = {number}\n" * 100, "", max_tokens=4))
        session.warm_prompt.begin(REQUEST)
        await settled(session)
        session.stop()

    asyncio.run(run())
    assert (engine.model.num_computed > 0) is newer
    assert engine.model.num_computed < 2 * 1000
