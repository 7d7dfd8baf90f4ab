"""What the next line will ask, and when it is asked early: after a suggestion's own foresight, if nothing came."""

import asyncio

import pytest

from sotto_engine.request import FillInRequest
from sotto_engine.yielding_flag import YieldingFlag
from sotto_lsp.completion import background as background_module
from sotto_lsp.completion.background import Background
from sotto_lsp.completion.request import begin_next_line


@pytest.fixture(autouse=True)
def no_idle_time(monkeypatch):
    monkeypatch.setattr(background_module, "IDLE_S", 0)


@pytest.mark.parametrize(
    ("prefix", "suffix", "suggestion", "expected"),
    [
        ("a = 1", "", "", "a = 1\n"),
        ("def f():\n    a = ", "\nb", "1", "def f():\n    a = 1\n    "),
        ("def f():\n\ta", "  \nb", "", "def f():\n\ta\n\t"),
        ("if a:", "\n", "\r\n    b", "if a:\n    b\n    "),
        ("a = f(", ")\n", "", None),
        ("a ", "= 1", "", None),
    ],
)
def test_a_line_that_ends_at_the_cursor_is_followed_by_one_as_deep(prefix, suffix, suggestion, expected):
    request = begin_next_line(FillInRequest(prefix, suffix, path="a.py"), suggestion)
    assert (request and request.prefix) == expected
    assert request is None or (request.suffix, request.path) == (suffix, "a.py")


class Order:
    """Pieces of work that write down when they were done."""

    def __init__(self):
        self.done = []
        self.may_end = asyncio.Event()

    def work(self, name):
        async def work(_flag):
            await self.may_end.wait()
            self.done.append(name)

        return work


def run(test):
    async def main():
        order = Order()
        background = Background(lambda: YieldingFlag(lambda: None))
        await test(background, order)
        for _ in range(20):
            await asyncio.sleep(0)
        return order.done

    return asyncio.run(asyncio.wait_for(main(), 30))


def test_what_comes_then_is_begun_when_the_first_is_done():
    async def test(background, order):
        first = background.begin(order.work("first"), order.work("then"))
        order.may_end.set()
        await first.result()
        assert background.is_busy or order.done == ["first", "then"]

    assert run(test) == ["first", "then"]


@pytest.mark.parametrize("how", ["stopped", "replaced"])
def test_what_was_stopped_is_followed_by_nothing(how):
    async def test(background, order):
        background.begin(order.work("first"), order.work("then"))
        await asyncio.sleep(0.01)
        if how == "stopped":
            background.stop()
            assert not background.is_busy
        else:
            background.begin(order.work("second"))
        order.may_end.set()

    assert run(test) == (["first"] if how == "stopped" else ["first", "second"])


def test_the_first_keeps_its_result_while_the_next_runs():
    async def test(background, order):
        async def answer(_flag):
            return "answer"

        first = background.begin(answer, order.work("then"))
        await asyncio.sleep(0.01)
        assert background.is_busy
        assert await first.result() == "answer"

    assert run(test) == []
