"""Thinking on behind the suggestion on the screen: what it is good for, what ends it."""

import asyncio
import time

import pytest

from engine.fakes import make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.request import CompletionRequest, FinishReason, StopAt
from sotto_engine.yielding_flag import YieldingFlag
from sotto_lsp import foresight as foresight_module
from sotto_lsp.foresight import Foresight
from sotto_lsp.worker import Worker


@pytest.fixture(autouse=True)
def no_idle_time(monkeypatch):
    monkeypatch.setattr(foresight_module, "IDLE_S", 0)


def make_foresight():
    return Foresight(lambda: YieldingFlag(lambda: None))


class Ask:
    """The model's side: remembers the questions, answers when it is let."""

    def __init__(self, text="next()"):
        self.text, self.asked, self.flags = text, [], []
        self.may_answer = asyncio.Event()

    async def __call__(self, document, offset, cancelled):
        self.asked.append((document, offset))
        self.flags.append(cancelled)
        await self.may_answer.wait()
        return self.text


async def begin(text="next()"):
    foresight, ask = make_foresight(), Ask(text)
    foresight.begin("a = \nb", 4, "foo", ask)
    await asyncio.sleep(0.01)
    return foresight, ask


@pytest.mark.asyncio
async def test_it_asks_for_what_comes_behind_the_suggestion_as_if_it_were_accepted():
    _, ask = await begin()
    assert ask.asked == [("a = foo\nb", 7)]


@pytest.mark.asyncio
async def test_who_accepts_gets_the_answer_also_while_it_is_thought_about():
    foresight, ask = await begin()
    waiting = asyncio.create_task(foresight.at("a = foo\nb", 7))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    ask.may_answer.set()
    assert await waiting == "next()"


@pytest.mark.asyncio
async def test_who_types_along_it_gets_the_rest():
    foresight, ask = await begin()
    ask.may_answer.set()
    await asyncio.sleep(0.01)
    assert await foresight.at("a = foone\nb", 9) == "xt()"


@pytest.mark.asyncio
@pytest.mark.parametrize(("document", "offset"), [("a = fox\nb", 7), ("a = foo\nb", 6), ("a = foo\nc", 7)])
async def test_another_place_has_nothing_foreseen(document, offset):
    foresight, ask = await begin()
    ask.may_answer.set()
    await asyncio.sleep(0.01)
    assert await foresight.at(document, offset) == ""


@pytest.mark.asyncio
async def test_stopping_sets_the_flag_at_once_and_forgets():
    foresight, ask = await begin()
    foresight.stop()
    assert CancelFlag.is_set(ask.flags[0])
    ask.may_answer.set()
    assert await foresight.at("a = foo\nb", 7) == ""


@pytest.mark.asyncio
async def test_a_key_before_the_idle_time_is_over_asks_nothing(monkeypatch):
    monkeypatch.setattr(foresight_module, "IDLE_S", 0.05)
    foresight, ask = await begin()
    foresight.stop()
    await asyncio.sleep(0.1)
    assert ask.asked == []


@pytest.mark.asyncio
async def test_a_failure_is_no_answer():
    foresight = make_foresight()

    async def fail(document, offset, cancelled):
        raise MemoryError

    foresight.begin("a = \nb", 4, "foo", fail)
    assert await foresight.at("a = foo\nb", 7) == ""


def test_an_urgent_request_finds_the_place_free_and_its_rows_in_the_cache():
    engine = make_engine()
    asked = CompletionRequest("a = 1\n" * 60 + "b", "\n", max_tokens=4)
    behind = CompletionRequest("a = 1\n" * 60 + "b = a\n", "\n", max_tokens=900, stop_at=StopAt.BUDGET)

    async def main():
        worker = Worker(lambda: (engine, None))
        worker.start()
        await worker.run(lambda engine: engine.complete(asked, CancelFlag()), CancelFlag())
        flag = worker.patient_flag()
        thinking = asyncio.create_task(
            worker.run_patiently(lambda engine, flag: engine.complete(behind, flag), flag)
        )
        passes = len(engine.model.passes)
        deadline = time.monotonic() + 10
        while len(engine.model.passes) < passes + 3 and time.monotonic() < deadline:
            await asyncio.sleep(0)
        flag.set()  # as Foresight.stop does, before the urgent work is handed over
        done = await worker.run(lambda engine: engine.complete(asked, CancelFlag()), CancelFlag())
        assert (await thinking).finish_reason is FinishReason.CANCELLED
        worker.stop()
        return done

    done = asyncio.run(asyncio.wait_for(main(), 20))
    assert done.num_prompt_tokens - done.num_cached_tokens == 2
