"""When the worker has prompts written to disk: after a quiet time and at the end, and never while somebody waits."""

import asyncio
import threading
import time
from types import SimpleNamespace

import pytest

from engine.fakes import make_engine
from sotto_engine.cache.cache_store import CacheStore
from sotto_engine.cancel import CancelFlag
from sotto_engine.request import FillInRequest, Limits
from sotto_lsp.host import scheduler as worker_module
from sotto_lsp.host.scheduler import Worker

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
    """`work(worker)` on an event loop, with a worker that has answered one request."""

    async def main():
        worker = Worker(load, **options)
        worker.start()
        try:
            await worker.run(lambda engine: engine.complete(REQUEST, CancelFlag()), CancelFlag())
            return await work(worker)
        finally:
            worker.stop()

    return asyncio.run(asyncio.wait_for(main(), 60))


def with_store(store):
    engine = make_engine(store=store)
    return lambda: (engine, None)


def test_a_question_breaks_the_writing_off_and_it_is_tried_again(monkeypatch):
    monkeypatch.setattr(worker_module, "KEEP_AFTER_S", 0.01)
    store = SlowStore()

    async def work(worker):
        for _ in range(2):
            await asyncio.to_thread(store.begun.wait, 30)
            store.begun.clear()
            assert await worker.run(lambda engine: engine.store, CancelFlag()) is store

    run(work, with_store(store))
    assert len(store.stopped) >= 2 and all(store.stopped)


def test_after_a_quiet_time_all_is_written_once_and_the_thread_sleeps(monkeypatch, tmp_path):
    monkeypatch.setattr(worker_module, "KEEP_AFTER_S", 0.01)
    saved = []

    class Counting(CacheStore):
        def save(self, caches, must_stop):
            super().save(caches, must_stop)
            saved.append(len(list(tmp_path.glob("*/*.cache"))))

    async def work(worker):
        deadline = time.monotonic() + 30
        while worker._has_news:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)

    run(work, with_store(Counting(tmp_path, "project", "model")))
    assert saved == [1]


def test_the_end_waits_for_what_is_not_on_disk_but_about_a_second_at_most():
    store = SlowStore()

    async def work(worker):
        start = time.monotonic()
        worker.stop(keep=True)
        worker.wait_ended()
        return time.monotonic() - start

    assert 0.5 < run(work, with_store(store)) < 5
    assert store.begun.is_set()


def test_an_end_that_is_not_to_keep_anything_writes_nothing():
    store = SlowStore()

    async def work(worker):
        worker.stop()
        worker.wait_ended()
        await asyncio.to_thread(worker._thread.join, 30)

    run(work, with_store(store))
    assert not store.begun.is_set()


def test_a_failure_in_writing_is_no_failure_of_the_worker(monkeypatch):
    monkeypatch.setattr(worker_module, "KEEP_AFTER_S", 0.01)

    class Failing(SlowStore):
        def save(self, _caches, _must_stop):
            self.begun.set()
            raise RuntimeError

    store = Failing()

    async def work(worker):
        await asyncio.to_thread(store.begun.wait, 30)
        assert await worker.run(lambda _engine: "well", CancelFlag()) == "well"

    run(work, with_store(store))
    assert store.begun.is_set()


def test_a_model_that_was_unloaded_comes_back_with_its_prompts(tmp_path):
    def load():
        return with_store(CacheStore(tmp_path, "project", "model"))()

    async def work(worker):
        deadline = time.monotonic() + 30
        while worker._engine is not None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        return await worker.run(lambda engine: engine.complete(REQUEST, CancelFlag()), CancelFlag())

    done = run(work, load, unload_after_s=0.02)
    assert done.num_prompt_tokens - done.num_cached_tokens == 2


@pytest.mark.parametrize("is_large", [True, False])
def test_weights_of_a_large_model_are_shared_once_in_a_quiet_time(monkeypatch, is_large):
    monkeypatch.setattr(worker_module, "KEEP_AFTER_S", 0.05)
    manifest = SimpleNamespace(is_large=is_large)
    shared = []

    def fail(manifest):
        shared.append(manifest)
        raise OSError("whatever goes wrong there is not the window's trouble")

    async def work(worker):
        for _ in range(3):
            await asyncio.sleep(0.2)
            assert await worker.run(lambda _engine: "well", CancelFlag()) == "well"

    run(work, lambda: (make_engine(), manifest), share_weights=fail)
    assert shared == [manifest] * is_large


def test_no_weights_are_shared_while_there_is_work_nor_at_the_end(monkeypatch):
    monkeypatch.setattr(worker_module, "KEEP_AFTER_S", 30.0)
    shared = []

    async def work(worker):
        worker.stop(keep=True)
        worker.wait_ended()
        await asyncio.to_thread(worker._thread.join, 30)

    run(work, lambda: (make_engine(), SimpleNamespace(is_large=True)), share_weights=shared.append)
    assert not shared
