"""Jobs and schedulers for tests."""

import asyncio

from sotto_engine.request import FillInRequest, Limits, StopAt
from sotto_lsp.host.scheduler import Priority, Scheduler

LONG = FillInRequest("x = 1\n", limits=Limits(max_tokens=400, stop_at=StopAt.BUDGET))


def complete(request, on_text=None):
    """A job for `Scheduler.run`: the answer to a request."""
    return lambda engine, cancelled: engine.complete(request, cancelled, on_text)


def once(function):
    """A job of one step: what the function says of the engine."""

    def start(engine, _cancelled):
        yield 0.0
        return function(engine)

    return start


async def begin(scheduler, start, priority=Priority.COMPLETION, cancelled=None):
    """Put a job into the queue and return its task, which waits for the result."""
    task = asyncio.create_task(scheduler.run(start, priority, cancelled))
    await asyncio.sleep(0)
    return task


def run_with(load, work, idle=None):
    """`work(scheduler)` on an event loop; the scheduler is stopped after that."""

    async def main():
        scheduler = Scheduler(load, idle)
        scheduler.start()
        try:
            return await work(scheduler)
        finally:
            scheduler.stop()

    return asyncio.run(asyncio.wait_for(main(), 60))


def at_pass(engine, number, loop, what):
    """Have the event loop do `what()`, a coroutine, just before the model's pass of this number."""
    left = iter(range(number))

    def before_pass():
        if next(left, None) is None:
            engine.model.before_pass = lambda: None
            asyncio.run_coroutine_threadsafe(what(), loop).result(30)

    engine.model.before_pass = before_pass
