"""The anchored order: a new line moves the anchor; what it costs is paid before the key, next to this line's rows."""

import pytest

from engine.cache.test_warm_equals_cold import answer, cancel_after
from engine.fakes import FakeCutModel, FakeModel, FakeRecurrentModel, make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.request import FillInRequest, FimOrder, Limits

ABOVE = "".join(f"name_{number} = value_{number}\n" for number in range(60))[-990:]
"""As long as it has to be for the anchor to jump when the next line begins: it does at 200 + 2 * 400 characters."""
LINE = "    a = value + 1"
SUFFIX = "\n\nend = 1\n" * 20


def ask(engine, text):
    return run_steps(engine.complete(FillInRequest(text, SUFFIX, limits=Limits(max_tokens=4)), CancelFlag()))


def request(text):
    return FillInRequest(text, SUFFIX, limits=Limits(max_tokens=4))


def computed(done):
    return done.num_prompt_tokens - done.num_cached_tokens


def anchored(make_model=FakeModel, **options):
    return make_engine(FimOrder.ANCHORED, make_model=make_model, **options)


def test_new_line_without_prefetch_costs_the_suffix():
    engine = anchored()
    ask(engine, ABOVE + LINE)
    assert computed(ask(engine, ABOVE + LINE + "\n    ")) > 150


@pytest.mark.parametrize(
    ("make_model", "grid", "most"), [(FakeModel, 1, 4), (FakeRecurrentModel, 1, 10), (FakeCutModel, 32, 36)]
)
def test_new_line_and_next_key_after_prefill_next_cost_little(make_model, grid, most):
    for text in (ABOVE + LINE + "\n    ", ABOVE + LINE + "b"):
        engine = anchored(make_model, grid=grid)
        ask(engine, ABOVE + LINE)
        assert run_steps(engine.prefill_next(request(ABOVE + LINE + "\n    "), CancelFlag())) > 150
        done = ask(engine, text)
        assert computed(done) <= most
        assert answer(done) == answer(ask(anchored(make_model, grid=grid), text))


def test_longer_line_after_prefill_next_costs_its_own_tokens():
    engine = anchored()
    ask(engine, ABOVE + LINE)
    run_steps(engine.prefill_next(request(ABOVE + LINE + "\n    "), CancelFlag()))
    ask(engine, ABOVE + LINE + " + a")
    assert computed(ask(engine, ABOVE + LINE + " + a\n    ")) <= 12


def test_cancelled_prefill_next_loses_nothing():
    engine, flag = anchored(), CancelFlag()
    ask(engine, ABOVE + LINE)
    cancel_after(engine, flag, 2)
    assert run_steps(engine.prefill_next(request(ABOVE + LINE + "\n    "), flag)) == 2 * 64
    engine.model.before_pass = lambda: None
    assert computed(ask(engine, ABOVE + LINE + "b")) <= 4
    rest = run_steps(engine.prefill_next(request(ABOVE + LINE + "b\n    "), CancelFlag()))
    whole = computed(ask(anchored(), ABOVE + LINE + "b\n    "))
    assert 0 < rest < whole - 128
    assert computed(ask(engine, ABOVE + LINE + "b\n    ")) <= 4


def test_prefill_next_keeps_two_caches_a_place():
    engine, text = anchored(max_tokens=4096), ABOVE
    for number in range(12):
        text += f"    b{number} = value + {number}"
        before = ask(engine, text)
        run_steps(engine.prefill_next(request(text + "\n"), CancelFlag()))
        assert len(engine._prefix_cache) <= 2
        text += "\n"
        assert computed(ask(engine, text)) <= 4 and before.num_prompt_tokens > 300


def test_prefill_next_without_an_anchor_computes_nothing():
    engine = make_engine(FimOrder.SUFFIX_FIRST)
    ask(engine, ABOVE + LINE)
    before = engine.model.num_computed
    assert run_steps(engine.prefill_next(request(ABOVE + LINE + "\n    "), CancelFlag())) == 0
    assert engine.model.num_computed == before


def test_prefill_next_without_a_moved_anchor_computes_nothing():
    engine = anchored()
    ask(engine, "a = 1\nb")
    assert run_steps(engine.prefill_next(request("a = 1\nb\n"), CancelFlag())) == 0
