"""The sacred rule: a warm cache answers as a cold one, token for token, whatever happened before."""

import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.fakes import FakeCutModel, FakeModel, FakeRecurrentModel, make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.request import FillInRequest, FimOrder, FinishReason, Limits, Sampling

TEXTS = st.sampled_from(
    [
        "def f(x):\n    return x\n",
        "self.a = 1\n",
        "ab",
        "é",
        "\n    ",
        "return ",
        "<|fim_middle|>",
        "🙂",
        "a b(",
    ]
)
EDITS = st.one_of(
    st.tuples(st.just("type"), st.integers(0, 2), TEXTS),
    st.tuples(st.just("delete"), st.integers(0, 2), st.integers(1, 30)),
    st.tuples(st.just("move"), st.integers(0, 2), st.floats(0, 1)),
    st.tuples(st.just("cancel"), st.integers(0, 2), st.integers(0, 4)),
    st.tuples(st.just("close"), st.integers(0, 2), st.integers(0, 8)),
    st.tuples(st.just("prefill next"), st.integers(0, 2), st.integers(0, 8)),
)


class Place:
    def __init__(self, number):
        self.text = f"# file {number}\n" * 3
        self.cursor = len(self.text)

    def request(self):
        return FillInRequest(self.text[: self.cursor], self.text[self.cursor :], limits=Limits(max_tokens=6))


def answer(completion):
    return completion.text, completion.token_ids, completion.token_logprobs, completion.finish_reason


@pytest.mark.parametrize("order", list(FimOrder))
@pytest.mark.parametrize("cache_nbytes", [1 << 24, 5000, 0])
@pytest.mark.parametrize(
    ("make_model", "grid"), [(FakeModel, 1), (FakeRecurrentModel, 1), (FakeModel, 32), (FakeCutModel, 32)]
)
@settings(max_examples=40, deadline=None)
@given(history=st.lists(EDITS, min_size=1, max_size=25))
def test_warm_equals_cold_over_edits_cancels_and_evictions(order, cache_nbytes, make_model, grid, history):
    warm = make_engine(order, max_tokens=300, cache_nbytes=cache_nbytes, make_model=make_model, grid=grid)
    places = [Place(number) for number in range(3)]
    for action, number, detail in history:
        place = places[number]
        if apply(warm, place, action, detail):
            cold = make_engine(order, max_tokens=300, make_model=make_model, grid=grid)
            assert answer(run_steps(warm.complete(place.request(), CancelFlag()))) == answer(
                run_steps(cold.complete(place.request(), CancelFlag()))
            )


def apply(engine, place, action, detail):
    """Edit the text, or ask what is broken off after some passes; whether it was edited."""
    if action == "type":
        place.text = place.text[: place.cursor] + detail + place.text[place.cursor :]
        place.cursor += len(detail)
    elif action == "delete":
        start = max(0, place.cursor - detail)
        place.text, place.cursor = place.text[:start] + place.text[place.cursor :], start
    elif action == "move":
        place.cursor = int(detail * len(place.text))
    else:
        cancelled, request = CancelFlag(), place.request()
        if action == "close":
            steps = engine.complete(request, cancelled)
            for _ in range(detail):
                next(steps, None)
            steps.close()
            return False
        cancel_after(engine, cancelled, detail)
        if action == "cancel":
            run_steps(engine.complete(request, cancelled))
        else:
            run_steps(engine.prefill_next(replace(request, prefix=request.prefix + "\n"), cancelled))
        engine.model.before_pass = lambda: None
        return False
    return True


def cancel_after(engine, cancelled, num_passes):
    remaining = iter(range(num_passes))
    engine.model.before_pass = lambda: cancelled.set() if next(remaining, None) is None else None


def test_stale_row_would_be_noticed():
    engine = make_engine()
    request = FillInRequest("def f():\n    return ", "\n", limits=Limits(max_tokens=6))
    right = run_steps(engine.complete(request, CancelFlag()))
    engine._prefix_cache._resting[0].tensors["state"][0, 0, 3, 0] += 1
    assert run_steps(engine.complete(request, CancelFlag())).token_ids != right.token_ids


def test_wrong_state_would_be_noticed():
    engine = make_engine(make_model=FakeRecurrentModel)
    request = FillInRequest("def f():\n    return ", "\n", limits=Limits(max_tokens=6))
    right = run_steps(engine.complete(request, CancelFlag()))
    cache = engine._prefix_cache._resting[0]
    for checkpoint in cache._checkpoints._taken:
        checkpoint.states["sum"] += 1
    cache.states["sum"] += 1
    assert run_steps(engine.complete(request, CancelFlag())).token_ids != right.token_ids


def test_other_cuts_would_be_noticed():
    warm = make_engine(make_model=FakeCutModel, grid=1)
    answers = []
    for length in range(20, 60):
        request = FillInRequest("def f(x):\n    return x\n" * 3 + "a" * length, "\n", limits=Limits(max_tokens=6))
        cold = make_engine(make_model=FakeCutModel, grid=1)
        answers.append(
            answer(run_steps(warm.complete(request, CancelFlag())))
            == answer(run_steps(cold.complete(request, CancelFlag())))
        )
    assert not all(answers)


def test_wrong_key_would_be_noticed():
    engine = make_engine()
    right = run_steps(engine.complete(FillInRequest("x = ab", "\n", limits=Limits(max_tokens=6)), CancelFlag()))
    run_steps(engine.complete(FillInRequest("x = aa", "\n", limits=Limits(max_tokens=6)), CancelFlag()))
    engine._prefix_cache.clear()
    run_steps(engine.complete(FillInRequest("y = ab", "\n", limits=Limits(max_tokens=6)), CancelFlag()))
    cache = engine._prefix_cache._resting[0]
    cache.token_ids[cache.token_ids.index(engine.tokenizer.encode("y")[0])] = engine.tokenizer.encode("x")[0]
    wrong = run_steps(engine.complete(FillInRequest("x = ab", "\n", limits=Limits(max_tokens=6)), CancelFlag()))
    assert wrong.token_ids != right.token_ids


@pytest.mark.parametrize("make_model", [FakeModel, FakeRecurrentModel])
def test_typing_computes_only_what_was_typed(make_model):
    engine = make_engine(make_model=make_model)
    text = "def f(x):\n    y = 1\n" * 20
    run_steps(engine.complete(FillInRequest(text, "\n\nend\n", limits=Limits(max_tokens=4)), CancelFlag()))
    for character in "return a":
        text += character
        done = run_steps(engine.complete(FillInRequest(text, "\n\nend\n", limits=Limits(max_tokens=4)), CancelFlag()))
        assert done.num_prompt_tokens - done.num_cached_tokens <= 8


def test_switching_files_and_back_prefills_neither_again():
    engine = make_engine()
    first = FillInRequest("a = 1\n" * 40 + "x", "\n", limits=Limits(max_tokens=4))
    second = FillInRequest("b = 2\n" * 40 + "y", "\n", limits=Limits(max_tokens=4))
    for request in (first, second):
        run_steps(engine.complete(request, CancelFlag()))
    for request in (first, second, first):
        done = run_steps(engine.complete(request, CancelFlag()))
        assert done.num_prompt_tokens - done.num_cached_tokens == 2


def test_cancelled_prefill_is_kept_and_ends_within_one_slice():
    engine = make_engine()
    request = FillInRequest("a = 1\n" * 200, "\n", limits=Limits(max_tokens=4))
    cancelled = CancelFlag()
    cancel_after(engine, cancelled, 3)
    assert run_steps(engine.complete(request, cancelled)).finish_reason is FinishReason.CANCELLED
    assert engine.model.num_computed == 3 * 64
    engine.model.before_pass = lambda: None
    assert run_steps(engine.complete(request, CancelFlag())).num_cached_tokens == 3 * 64


def test_single_token_passes_compute_no_prompt_row():
    engine = make_engine()
    text = "a"
    for _ in range(200):
        text += "ab"
        engine.model.passes.clear()
        done = run_steps(engine.complete(FillInRequest(text, "", limits=Limits(max_tokens=3)), CancelFlag()))
        num_prefilled = done.num_prompt_tokens - done.num_cached_tokens
        prefill = []
        for size in engine.model.passes:
            if sum(prefill) < num_prefilled:
                prefill.append(size)
        assert sum(prefill) == num_prefilled and min(prefill) >= 2


def test_failing_pass_leaves_the_cache_sound():
    engine = make_engine()
    request = FillInRequest("a = 1\n" * 60, "\n", limits=Limits(max_tokens=4))
    right = answer(run_steps(make_engine().complete(request, CancelFlag())))
    calls = iter([None, None])

    def fail():
        if next(calls, "end") == "end":
            raise MemoryError

    engine.model.before_pass = fail
    with pytest.raises(MemoryError):
        run_steps(engine.complete(request, CancelFlag()))
    engine.model.before_pass = lambda: None
    assert answer(run_steps(engine.complete(request, CancelFlag()))) == right


def test_sampling_with_a_seed_is_the_same_warm_or_cold():
    request = FillInRequest("x = ", "\n", sampling=Sampling(0.8, 0.9, 40, seed=7), limits=Limits(max_tokens=8))
    engine = make_engine()
    first = answer(run_steps(engine.complete(request, CancelFlag())))
    assert first == answer(run_steps(engine.complete(request, CancelFlag())))
    assert first == answer(run_steps(make_engine().complete(request, CancelFlag())))


def test_cancel_from_another_thread_reaches_each_watcher_once():
    flag, calls = CancelFlag(), []
    with flag.watched_by(lambda: calls.append(threading.current_thread().name)):
        thread = threading.Thread(target=flag.set, name="other")
        thread.start()
        thread.join()
    flag.set()
    assert calls == ["other"]
