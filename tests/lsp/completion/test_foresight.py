"""Thinking on behind the suggestion on the screen: what it is good for, what ends it."""

import asyncio
import time

import pytest

from engine.fakes import make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.request import FillInRequest, FinishReason, Limits, StopAt
from sotto_engine.yielding_flag import YieldingFlag
from sotto_lsp.completion import background as background_module
from sotto_lsp.completion.background import Background
from sotto_lsp.completion.foresight import Foresight
from sotto_lsp.completion.type_through import LastSuggestion
from sotto_lsp.host.scheduler import Worker


@pytest.fixture(autouse=True)
def no_idle_time(monkeypatch):
    monkeypatch.setattr(background_module, "IDLE_S", 0)


SHOWN = LastSuggestion.at("a = \nb", 4, "foo")


class Ask:
    """The model's side: remembers the flags of the questions, answers when it is let."""

    def __init__(self, text="next()"):
        self.text, self.flags = text, []
        self.may_answer = asyncio.Event()

    async def __call__(self, cancelled):
        self.flags.append(cancelled)
        await self.may_answer.wait()
        return self.text


async def begin(text="next()"):
    background, ask = Background(lambda: YieldingFlag(lambda: None)), Ask(text)
    foresight = Foresight(background)
    foresight.begin(SHOWN, ask)
    await asyncio.sleep(0.01)
    return foresight, ask, background


@pytest.mark.asyncio
async def test_who_accepts_gets_the_answer_also_while_it_is_thought_about():
    foresight, ask, _ = await begin()
    waiting = asyncio.create_task(foresight.at("a = foo\nb", 7))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    ask.may_answer.set()
    assert await waiting == "next()"


@pytest.mark.asyncio
async def test_who_types_along_it_gets_the_rest():
    foresight, ask, _ = await begin()
    ask.may_answer.set()
    await asyncio.sleep(0.01)
    assert await foresight.at("a = foone\nb", 9) == "xt()"


@pytest.mark.asyncio
@pytest.mark.parametrize(("document", "offset"), [("a = fox\nb", 7), ("a = foo\nb", 6), ("a = foo\nc", 7)])
async def test_another_place_has_nothing_foreseen(document, offset):
    foresight, ask, _ = await begin()
    ask.may_answer.set()
    await asyncio.sleep(0.01)
    assert await foresight.at(document, offset) == ""


@pytest.mark.asyncio
async def test_stopping_sets_the_flag_at_once_and_what_it_was_about_to_say_is_no_answer():
    foresight, ask, background = await begin()
    background.stop()
    assert CancelFlag.is_set(ask.flags[0])
    ask.may_answer.set()
    assert await foresight.at("a = foo\nb", 7) == ""


@pytest.mark.asyncio
async def test_who_accepts_before_the_idle_time_is_over_does_not_wait_for_it(monkeypatch):
    monkeypatch.setattr(background_module, "IDLE_S", 0.05)
    foresight, ask, background = await begin()
    assert await foresight.at("a = foo\nb", 7) == ""
    background.stop()
    await asyncio.sleep(0.1)
    assert ask.flags == []


@pytest.mark.asyncio
async def test_other_settings_forget_the_answer():
    foresight, ask, _ = await begin()
    ask.may_answer.set()
    foresight.forget()
    assert await foresight.at("a = foo\nb", 7) == ""


def test_an_urgent_request_finds_the_place_free_and_its_rows_in_the_cache():
    engine = make_engine()
    asked = FillInRequest("a = 1\n" * 60 + "b", "\n", limits=Limits(max_tokens=4))
    behind = FillInRequest(
        "a = 1\n" * 60 + "b = a\n", "\n", limits=Limits(max_tokens=900, stop_at=StopAt.BUDGET)
    )

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
        flag.set()  # as Background.stop does, before the urgent work is handed over
        done = await worker.run(lambda engine: engine.complete(asked, CancelFlag()), CancelFlag())
        assert (await thinking).finish_reason is FinishReason.CANCELLED
        worker.stop()
        return done

    done = asyncio.run(asyncio.wait_for(main(), 20))
    assert done.num_prompt_tokens - done.num_cached_tokens == 2
