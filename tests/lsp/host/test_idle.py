"""Idle time: prompts are kept, weights shared, the engine unloaded; no job waits for it."""

import asyncio
import gc
import threading
import time
import weakref
from types import SimpleNamespace

import psutil
import pytest

from engine.fakes import make_engine
from lsp.host.scheduling import complete, once, run_with
from sotto_engine.cache.cache_store import CacheStore
from sotto_engine.errors import SottoError
from sotto_engine.request import FillInRequest, Limits
from sotto_lsp.host import idle as idle_module
from sotto_lsp.host.idle import Idle, is_on_battery
from sotto_lsp.host.scheduler import Priority

REQUEST = FillInRequest("def f(x):\n    y = 1\n" * 30, "\n", limits=Limits(max_tokens=4))


class SlowStore:
    """Takes as long as it may to write, and says how it went."""

    def __init__(self):
        self.begun = threading.Event()
        self.stopped = []

    def read(self, *_):
        return None

    def save(self, _caches, must_stop):
        self.begun.set()
        deadline = time.monotonic() + 30
        while not must_stop() and time.monotonic() < deadline:
            time.sleep(0.001)
        self.stopped.append(time.monotonic() < deadline)


def run(work, load, **options):
    """`work(scheduler)` on an event loop, with a scheduler that has answered one request."""

    async def after_one_request(scheduler):
        await scheduler.run(complete(REQUEST), Priority.COMPLETION)
        return await work(scheduler)

    return run_with(load, after_one_request, Idle(**options))


def with_store(store):
    engine = make_engine(store=store)
    return lambda: (engine, None)


def test_request_ends_the_writing_which_is_tried_again(monkeypatch):
    monkeypatch.setattr(idle_module, "KEEP_AFTER_S", 0.01)
    store = SlowStore()

    async def work(scheduler):
        for _ in range(2):
            await asyncio.to_thread(store.begun.wait, 30)
            store.begun.clear()
            assert await scheduler.run(once(lambda engine: engine.store), Priority.COMPLETION) is store

    run(work, with_store(store))
    assert len(store.stopped) >= 2 and all(store.stopped)


def test_quiet_time_writes_all_prompts_once_and_then_sleeps(monkeypatch, tmp_path):
    monkeypatch.setattr(idle_module, "KEEP_AFTER_S", 0.01)
    saved = []

    class Counting(CacheStore):
        def save(self, caches, must_stop):
            super().save(caches, must_stop)
            saved.append(len(list(tmp_path.glob("*/*.cache"))))

    async def work(scheduler):
        deadline = time.monotonic() + 30
        while scheduler._idle.has_unsaved:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)

    run(work, with_store(Counting(tmp_path, "project", "model")))
    assert saved == [1]


def test_end_waits_for_unsaved_prompts_about_a_second_at_most():
    store = SlowStore()

    async def work(scheduler):
        start = time.monotonic()
        scheduler.stop(keep=True)
        scheduler.wait_ended()
        return time.monotonic() - start

    assert 0.5 < run(work, with_store(store)) < 5
    assert store.begun.is_set()


def test_end_that_keeps_nothing_writes_nothing():
    store = SlowStore()

    async def work(scheduler):
        scheduler.stop()
        scheduler.wait_ended()
        await asyncio.to_thread(scheduler._thread.join, 30)

    run(work, with_store(store))
    assert not store.begun.is_set()


def test_failure_to_write_is_no_failure_of_the_scheduler(monkeypatch):
    monkeypatch.setattr(idle_module, "KEEP_AFTER_S", 0.01)

    class Failing(SlowStore):
        def save(self, _caches, _must_stop):
            self.begun.set()
            raise RuntimeError

    store = Failing()

    async def work(scheduler):
        await asyncio.to_thread(store.begun.wait, 30)
        assert await scheduler.run(once(lambda _engine: "well"), Priority.COMPLETION) == "well"

    run(work, with_store(store))
    assert store.begun.is_set()


def test_unloaded_model_comes_back_with_its_prompts(tmp_path):
    def load():
        return with_store(CacheStore(tmp_path, "project", "model"))()

    async def work(scheduler):
        deadline = time.monotonic() + 30
        while scheduler._engine is not None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        return await scheduler.run(complete(REQUEST), Priority.COMPLETION)

    done = run(work, load, unload_after_s=0.02)
    assert done.num_prompt_tokens - done.num_cached_tokens == 2


@pytest.mark.parametrize("is_large", [True, False])
def test_weights_of_a_large_model_are_shared_once_in_quiet_time(monkeypatch, is_large):
    monkeypatch.setattr(idle_module, "KEEP_AFTER_S", 0.05)
    manifest = SimpleNamespace(is_large=is_large)
    shared = []

    def fail(manifest):
        shared.append(manifest)
        raise OSError("not the trouble of this window")

    async def work(scheduler):
        for _ in range(3):
            await asyncio.sleep(0.2)
            assert await scheduler.run(once(lambda _engine: "well"), Priority.COMPLETION) == "well"

    run(work, lambda: (make_engine(), manifest), share_weights=fail)
    assert shared == [manifest] * is_large


def test_weights_are_not_shared_during_work_nor_at_the_end(monkeypatch):
    monkeypatch.setattr(idle_module, "KEEP_AFTER_S", 30.0)
    shared = []

    async def work(scheduler):
        scheduler.stop(keep=True)
        scheduler.wait_ended()
        await asyncio.to_thread(scheduler._thread.join, 30)

    run(work, lambda: (make_engine(), SimpleNamespace(is_large=True)), share_weights=shared.append)
    assert not shared


def test_unloaded_engine_is_freed_and_loaded_again_for_the_next_job():
    loaded = []

    def load():
        engine = make_engine()
        loaded.append(weakref.ref(engine))
        return engine, None

    async def work(scheduler):
        first = await scheduler.run(complete(REQUEST), Priority.COMPLETION)
        deadline = time.monotonic() + 10
        while loaded[0]() is not None:
            assert time.monotonic() < deadline, "the engine is still held"
            await asyncio.sleep(0.01)
            gc.collect()
        assert scheduler.is_ready, "it answers as before"
        return first, await scheduler.run(complete(REQUEST), Priority.COMPLETION)

    first, again = run_with(load, work, Idle(0.02))
    assert first.token_ids == again.token_ids and len(loaded) == 2


def test_failure_to_load_again_fails_that_job_alone():
    engines = [make_engine(), None, make_engine()]

    def load():
        if (engine := engines.pop(0)) is None:
            raise SottoError("gone")
        return engine, None

    async def work(scheduler):
        await scheduler.wait_loaded()
        while scheduler._engine is not None:
            await asyncio.sleep(0.01)
        with pytest.raises(SottoError):
            await scheduler.run(once(lambda engine: engine), Priority.COMPLETION)
        assert await scheduler.run(once(lambda engine: engine is not None), Priority.COMPLETION)

    run_with(load, work, Idle(0.02))
    assert engines == []


@pytest.mark.parametrize(
    ("battery", "expected"),
    [
        (None, False),
        (SimpleNamespace(power_plugged=False), True),
        (SimpleNamespace(power_plugged=True), False),
    ],
)
def test_battery_counts_where_it_is_not_plugged_in(monkeypatch, battery, expected):
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery, raising=False)
    assert is_on_battery() is expected
