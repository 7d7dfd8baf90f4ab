"""Who is next: decided between two passes, by priority, the newest completion first; a cancelled job ends at once."""

import asyncio
import contextlib
import threading
import time
from dataclasses import replace

import pytest

from engine.fakes import make_engine
from lsp.host.scheduling import LONG, at_pass, begin, complete, once, run_with
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.errors import SottoError
from sotto_engine.request import FillInRequest, FinishReason, Limits
from sotto_lsp.host.scheduler import Priority

PROMPT = FillInRequest("a = 1\n" * 150, "\n", limits=Limits(max_tokens=4))
RESTING = replace(PROMPT, limits=Limits(max_tokens=4, decode_after_ms=60_000))


def alone(request):
    return run_steps(make_engine().complete(request, CancelFlag())).token_ids


def test_newer_completion_overtakes_a_slow_one_between_two_passes():
    engine, order, tasks = make_engine(), [], []

    async def work(scheduler):
        async def ask_newer():
            tasks.append(await begin(scheduler, complete(PROMPT)))
            tasks[0].add_done_callback(lambda _: order.append(("newer", older_passes, len(engine.model.passes))))

        older_passes = 5
        at_pass(engine, older_passes, asyncio.get_running_loop(), ask_newer)
        slow = await begin(scheduler, complete(LONG))
        older = await slow
        order.append("older")
        return older, await tasks[0]

    older, newer = run_with(lambda: (engine, None), work)
    assert [order[0][0], order[1]] == ["newer", "older"]
    assert (older.token_ids, newer.token_ids) == (alone(LONG), alone(PROMPT))
    assert engine.model.passes[6 : 6 + 3] == [64, 64, 64], "the newer one's prompt came after one more pass"


@pytest.mark.parametrize("patient", [Priority.ACTION, Priority.PREFETCH])
def test_completion_goes_first_between_two_passes_of_patient_work(patient):
    order, stepping = [], threading.Event()

    def patient_steps(_engine, _cancelled):
        stepping.set()
        while "completion" not in order:
            yield 0.0
        order.append("patient")

    async def work(scheduler):
        slow = await begin(scheduler, patient_steps, patient)
        await asyncio.to_thread(stepping.wait)
        await scheduler.run(once(lambda _: order.append("completion")), Priority.COMPLETION)
        await slow

    run_with(lambda: (make_engine(), None), work)
    assert order == ["completion", "patient"]


def test_waiting_jobs_go_by_priority_and_the_newest_completion_first():
    order, free = [], threading.Event()

    async def work(scheduler):
        first = await begin(scheduler, once(lambda _: free.wait()))
        jobs = [
            await begin(scheduler, once(lambda _, name=f"{priority.name} {number}": order.append(name)), priority)
            for priority in (Priority.PREFETCH, Priority.ACTION, Priority.COMPLETION)
            for number in (1, 2)
        ]
        free.set()
        await asyncio.gather(first, *jobs)

    run_with(lambda: (make_engine(), None), work)
    assert order == ["COMPLETION 2", "COMPLETION 1", "ACTION 1", "ACTION 2", "PREFETCH 1", "PREFETCH 2"]


@pytest.mark.parametrize("priority", Priority)
def test_cancel_frees_the_thread_within_one_pass(priority):
    engine, started = make_engine(), threading.Event()
    engine.model.before_pass = started.set

    async def work(scheduler):
        task = await begin(scheduler, complete(LONG), priority)
        await asyncio.to_thread(started.wait)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        before = len(engine.model.passes)
        await scheduler.run(once(lambda _: None), priority)
        assert len(engine.model.passes) <= before + 1

    run_with(lambda: (engine, None), work)


def test_cancel_ends_a_paused_job_before_a_newer_one_begins():
    """The newer one needs the rows that the older one has computed."""
    engine, cancelled, free, held = make_engine(), CancelFlag(), threading.Event(), []

    def hold(_engine, _cancelled):
        while not free.is_set():
            yield 0.0

    async def work(scheduler):
        async def overtake():
            held.append(await begin(scheduler, hold))

        at_pass(engine, 3, asyncio.get_running_loop(), overtake)
        older = await begin(scheduler, complete(PROMPT), cancelled=cancelled)
        while len(engine.model.passes) < 4:
            await asyncio.sleep(0.001)
        cancelled.set()
        newer = await (await begin(scheduler, complete(PROMPT)))
        free.set()
        await held[0]
        return await older, newer

    older, newer = run_with(lambda: (engine, None), work)
    assert older.finish_reason is FinishReason.CANCELLED
    assert newer.num_cached_tokens == 4 * 64


def test_cancel_before_the_turn_comes_skips_the_job():
    engine, free, cancelled = make_engine(), threading.Event(), CancelFlag()

    async def work(scheduler):
        first = await begin(scheduler, once(lambda _: free.wait()))
        skipped = await begin(scheduler, complete(LONG), cancelled=cancelled)
        cancelled.set()
        free.set()
        with pytest.raises(asyncio.CancelledError):
            await skipped
        await first

    run_with(lambda: (engine, None), work)
    assert not engine.model.passes


async def until_rests(engine, scheduler):
    """A job that rests after its prompt, and the flag that ends it."""
    cancelled = CancelFlag()
    task = await begin(scheduler, complete(RESTING), cancelled=cancelled)
    deadline = time.monotonic() + 30
    while not any(job.rests_until for job in scheduler._queue._jobs):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)
    return task, cancelled


def test_cancel_wakes_a_job_that_rests():
    engine = make_engine()

    async def work(scheduler):
        task, cancelled = await until_rests(engine, scheduler)
        cancelled.set()
        return await asyncio.wait_for(task, 10)

    assert run_with(lambda: (engine, None), work).finish_reason is FinishReason.CANCELLED


def test_newer_completion_goes_at_once_while_another_rests():
    engine = make_engine()

    async def work(scheduler):
        task, cancelled = await until_rests(engine, scheduler)
        newer = await asyncio.wait_for(scheduler.run(complete(LONG), Priority.COMPLETION), 30)
        assert not task.done()
        cancelled.set()
        await task
        return newer

    assert run_with(lambda: (engine, None), work).token_ids == alone(LONG)


def test_rest_ends_by_itself_and_patient_work_waits_for_it():
    engine, order = make_engine(), []
    resting = replace(PROMPT, limits=Limits(max_tokens=4, decode_after_ms=300))

    async def work(scheduler):
        completion = await begin(scheduler, complete(resting))
        action = await begin(scheduler, once(lambda _: order.append("action")), Priority.ACTION)
        completion.add_done_callback(lambda _: order.append("completion"))
        done = await completion
        await action
        return done

    done = run_with(lambda: (engine, None), work)
    assert done.token_ids == alone(PROMPT) and done.timings.total_ms >= 300
    assert sorted(order) == ["action", "completion"]


def test_stop_answers_jobs_that_run_rest_are_paused_or_wait():
    engine, stepping = make_engine(), threading.Event()
    closed = []

    def endless(_engine, cancelled):
        try:
            while not cancelled.is_set():
                stepping.set()
                yield 0.0
            return "cancelled"
        finally:
            closed.append(threading.current_thread().name)

    async def work(scheduler):
        jobs = [(await until_rests(engine, scheduler))[0]]
        for priority in (Priority.PREFETCH, Priority.ACTION, Priority.COMPLETION):
            stepping.clear()
            if priority is not Priority.COMPLETION:
                jobs.append(await begin(scheduler, endless, priority))
        jobs.append(await begin(scheduler, endless))
        await asyncio.to_thread(stepping.wait)
        scheduler.stop()
        late = await begin(scheduler, endless)
        return await asyncio.wait_for(asyncio.gather(*jobs, late, return_exceptions=True), 30)

    resting, prefetch, action, completion, late = run_with(lambda: (engine, None), work)
    assert resting.finish_reason is FinishReason.CANCELLED and completion == "cancelled"
    assert all(isinstance(each, asyncio.CancelledError) for each in (prefetch, action, late))
    assert set(closed) == {"sotto-engine"}


def test_stop_ends_paused_jobs_with_what_their_steps_return():
    stepping = threading.Event()

    def endless(_engine, cancelled):
        while not cancelled.is_set():
            stepping.set()
            yield 0.0
        return "cancelled"

    async def work(scheduler):
        jobs = []
        for priority in (Priority.PREFETCH, Priority.ACTION, Priority.COMPLETION, Priority.COMPLETION):
            stepping.clear()
            jobs.append(await begin(scheduler, endless, priority))
            await asyncio.to_thread(stepping.wait)
            await asyncio.sleep(0.02)
        scheduler.stop()
        return await asyncio.wait_for(asyncio.gather(*jobs), 30)

    assert run_with(lambda: (make_engine(), None), work) == 4 * ["cancelled"]


def test_failing_job_fails_alone():
    def fail(_engine, _cancelled):
        yield 0.0
        raise MemoryError

    def fail_to_begin(_engine, _cancelled):
        raise KeyError

    async def work(scheduler):
        slow = await begin(scheduler, complete(LONG), Priority.ACTION)
        for start, error in ((fail, MemoryError), (fail_to_begin, KeyError)):
            with pytest.raises(error):
                await scheduler.run(start, Priority.COMPLETION)
        return await slow

    assert run_with(lambda: (make_engine(), None), work).token_ids == alone(LONG)


def test_failure_to_load_is_raised_in_every_job_before_and_after():
    may_fail = threading.Event()

    def load():
        may_fail.wait()
        raise SottoError("no model")

    async def work(scheduler):
        jobs = [await begin(scheduler, complete(LONG), priority) for priority in Priority]
        may_fail.set()
        for job in jobs:
            with pytest.raises(SottoError):
                await job
        with pytest.raises(SottoError):
            await scheduler.wait_loaded()
        with pytest.raises(SottoError):
            await scheduler.run(complete(LONG), Priority.COMPLETION)
        assert not scheduler.is_ready

    run_with(load, work)
