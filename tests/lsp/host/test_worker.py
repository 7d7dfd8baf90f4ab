"""The worker: urgent work goes before patient work and into its middle; cancelled work frees the thread."""

import asyncio
import contextlib
import gc
import threading
import time
import weakref

import pytest

from engine.fakes import make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.errors import SottoError
from sotto_engine.model.language_model import PassCancelled
from sotto_engine.request import FillInRequest, Limits, StopAt
from sotto_lsp.host.scheduler import Worker

LONG = FillInRequest("x = 1\n", limits=Limits(max_tokens=400, stop_at=StopAt.BUDGET))


def start(engine):
    worker = Worker(lambda: (engine, None))
    worker.start()
    return worker


def test_an_urgent_task_does_not_wait_for_the_end_of_a_patient_one():
    order = []
    stepping = threading.Event()

    def patient(_engine, cancelled):
        stepping.set()
        while "urgent" not in order:
            if cancelled.is_set():
                return
        order.append("patient")

    async def main():
        worker = start(make_engine())
        slow = asyncio.create_task(worker.run_patiently(patient))
        await asyncio.to_thread(stepping.wait)
        await worker.run(lambda _engine: order.append("urgent"), CancelFlag())
        await slow
        worker.stop()

    asyncio.run(asyncio.wait_for(main(), 10))
    assert order == ["urgent", "patient"]


def test_urgent_tasks_that_wait_already_go_before_patient_ones():
    order, free = [], threading.Event()

    async def main():
        worker = start(make_engine())
        first = asyncio.create_task(worker.run(lambda _engine: free.wait(), CancelFlag()))
        await asyncio.sleep(0)
        slow = asyncio.create_task(worker.run_patiently(lambda _engine, _flag: order.append("patient")))
        await asyncio.sleep(0)
        quick = asyncio.create_task(worker.run(lambda _engine: order.append("urgent"), CancelFlag()))
        await asyncio.sleep(0)
        free.set()
        await asyncio.gather(first, slow, quick)
        worker.stop()

    asyncio.run(asyncio.wait_for(main(), 10))
    assert order == ["urgent", "patient"]


def test_cancelling_patient_work_frees_the_worker_within_one_pass():
    engine = make_engine()
    started = threading.Event()
    engine.model.before_pass = started.set

    async def main():
        worker = start(engine)
        task = asyncio.create_task(worker.run_patiently(lambda engine, flag: engine.complete(LONG, flag)))
        await asyncio.to_thread(started.wait)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, PassCancelled):
            await task
        before = len(engine.model.passes)
        await worker.run(lambda _engine: None, CancelFlag())
        assert len(engine.model.passes) <= before + 1
        worker.stop()

    asyncio.run(asyncio.wait_for(main(), 10))


def test_an_idle_engine_is_given_back_and_loaded_again_for_the_next_task():
    loaded = []

    def load():
        engine = make_engine()
        loaded.append(weakref.ref(engine))
        return engine, None

    async def main():
        worker = Worker(load, unload_after_s=0.02)
        worker.start()
        await worker.wait_loaded()
        first = await worker.run(lambda engine: engine.complete(LONG, CancelFlag()), CancelFlag())
        deadline = time.monotonic() + 10
        while loaded[0]() is not None:
            assert time.monotonic() < deadline, "the engine is still held"
            await asyncio.sleep(0.01)
            gc.collect()
        assert worker.is_ready, "it answers as before"
        again = await worker.run(lambda engine: engine.complete(LONG, CancelFlag()), CancelFlag())
        worker.stop()
        return first.token_ids, again.token_ids

    first, again = asyncio.run(asyncio.wait_for(main(), 30))
    assert first == again and len(loaded) == 2


def test_a_model_that_cannot_be_loaded_again_fails_that_task_and_no_other():
    engines = [make_engine(), None, make_engine()]

    def load():
        if (engine := engines.pop(0)) is None:
            raise SottoError("gone")
        return engine, None

    async def main():
        worker = Worker(load, unload_after_s=0.02)
        worker.start()
        await worker.wait_loaded()
        while worker._engine is not None:
            await asyncio.sleep(0.01)
        with pytest.raises(SottoError):
            await worker.run(lambda engine: engine, CancelFlag())
        assert await worker.run(lambda engine: engine is not None, CancelFlag())
        worker.stop()

    asyncio.run(asyncio.wait_for(main(), 30))
    assert engines == []
