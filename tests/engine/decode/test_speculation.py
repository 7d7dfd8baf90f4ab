"""Drafts change no answer: the same tokens with them and without, on a model where each depends on all before."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.fakes import FakeCutModel, FakeModel, FakeRecurrentModel, make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.drafts import Draft, Drafter
from sotto_engine.decode.run import run_steps
from sotto_engine.decode.speculation import Speculation
from sotto_engine.request import FillInRequest, FimOrder, FinishReason, Limits, Sampling, StopAt

LINES = st.lists(
    st.sampled_from(["a = 1\n", "b = a\n", "    return self.a\n", "ab ab ab\n", "x(a, b)\n"]), max_size=8
)


class Repeating(FakeModel):
    """Repeats itself, as small models do: the next token depends on the last rows only now and then."""

    def _logits(self, state):
        return super()._logits(state % 5 if state % 7 else state)


class Oracle(Drafter):
    """Guesses what was chosen in an earlier run, right up to a point and wrong after it."""

    def __init__(self, right, num_right):
        super().__init__()
        self.right, self.num_right, self.num_drafted = right, num_right, 0

    def draft(self, past, room):
        done = next(i for i in range(len(self.right), 0, -1) if list(past[-i:]) == self.right[:i])
        ahead = self.right[done : done + self.num_right]
        self.num_drafted += 1
        return Draft(([*ahead, 1])[: max(1, room)], 1)


def answer(completion):
    return completion.text, completion.token_ids, completion.token_logprobs, completion.finish_reason


@pytest.mark.parametrize("make_model", [FakeModel, Repeating])
@settings(max_examples=750, deadline=None)
@given(
    before=LINES,
    after=LINES,
    typed=st.text("ab =", max_size=6),
    max_tokens=st.integers(1, 40),
    order=st.sampled_from(list(FimOrder)),
    temperature=st.sampled_from([0.0, 0.0, 0.8]),
    context=st.sampled_from([60, 100, 300]),
)
def test_answer_is_the_same_with_and_without_drafts(
    make_model, before, after, typed, max_tokens, order, temperature, context
):
    request = FillInRequest(
        "".join(before) + typed,
        "".join(after),
        sampling=Sampling(temperature, seed=3),
        limits=Limits(max_tokens=max_tokens, stop_at=StopAt.BUDGET),
    )
    drafting = make_engine(order, context, make_model=make_model)
    plain = make_engine(order, context, make_model=make_model, drafts=False)
    right = answer(run_steps(plain.complete(request, CancelFlag())))
    assert answer(run_steps(drafting.complete(request, CancelFlag()))) == right
    assert answer(run_steps(drafting.complete(request, CancelFlag()))) == right, "also with what was learnt, and warm"


REQUEST = FillInRequest("a = 1\n" * 10, "\n", limits=Limits(max_tokens=30, stop_at=StopAt.BUDGET))


def decoded(num_right):
    """`(tokens, passes of decoding, drafter)` with an oracle that guesses so many tokens right."""
    plain = run_steps(make_engine(make_model=Repeating, drafts=False).complete(REQUEST, CancelFlag()))
    engine = make_engine(make_model=Repeating)
    engine._drafter = Oracle(list(plain.token_ids), num_right)
    done = run_steps(engine.complete(REQUEST, CancelFlag()))
    assert answer(done) == answer(plain)
    return done.token_ids, engine._drafter.num_drafted


@pytest.mark.parametrize("num_right", [0, 1, 2, 5])
def test_right_guesses_save_passes(num_right):
    token_ids, num_passes = decoded(num_right)
    assert num_passes == math.ceil((len(token_ids) - 1) / (1 + num_right))


def test_draft_kept_although_it_was_wrong_would_be_noticed(monkeypatch):
    right = run_steps(make_engine().complete(REQUEST, CancelFlag()))
    monkeypatch.setattr(Speculation, "_settle", lambda self, *, is_wrong: setattr(self, "_draft", None))
    assert run_steps(make_engine().complete(REQUEST, CancelFlag())).token_ids != right.token_ids


def test_accepted_answer_is_in_the_cache_already():
    engine = make_engine()
    request = FillInRequest("a = 1\n" * 10, "\n", limits=Limits(max_tokens=12))
    done = run_steps(engine.complete(request, CancelFlag()))
    accepted = replace(request, prefix=request.prefix + done.text + "\n")
    again = run_steps(engine.complete(accepted, CancelFlag()))
    assert again.num_cached_tokens > done.num_prompt_tokens
    assert answer(again) == answer(run_steps(make_engine(drafts=False).complete(accepted, CancelFlag())))


def test_rows_of_single_token_passes_are_not_kept():
    engine = make_engine(drafts=False)
    done = run_steps(engine.complete(REQUEST, CancelFlag()))
    assert len(engine._prefix_cache.take(engine._prompts.build(REQUEST).token_ids)) <= done.num_prompt_tokens
    engine = make_engine()
    run_steps(engine.complete(REQUEST, CancelFlag()))
    assert min(engine.model.passes) >= 2


@pytest.mark.parametrize(("make_model", "grid"), [(FakeRecurrentModel, 1), (FakeCutModel, 32), (FakeModel, 32)])
def test_drafts_are_not_made_where_a_row_may_change(make_model, grid):
    engine = make_engine(make_model=make_model, grid=grid)
    done = run_steps(engine.complete(REQUEST, CancelFlag()))
    assert engine.model.passes.count(1) >= len(done.token_ids) - 1 > 0


@pytest.mark.parametrize("num_passes", range(8))
def test_cancel_between_two_drafts_leaves_the_cache_sound(num_passes):
    engine = make_engine(make_model=Repeating)
    cancelled = CancelFlag()
    remaining = iter(range(num_passes))
    engine.model.before_pass = lambda: cancelled.set() if next(remaining, None) is None else None
    assert run_steps(engine.complete(REQUEST, cancelled)).finish_reason is FinishReason.CANCELLED
    engine.model.before_pass = lambda: None
    right = run_steps(make_engine(make_model=Repeating, drafts=False).complete(REQUEST, CancelFlag()))
    assert answer(run_steps(engine.complete(REQUEST, CancelFlag()))) == answer(right)
