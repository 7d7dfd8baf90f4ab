"""The engine: healing, stops, streaming, limits, and runs that are stepped in turn, closed or cancelled."""

from dataclasses import replace

import pytest

from engine.fakes import make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.request import FillInRequest, FinishReason, Limits, StopAt

PREFIXES = ["x.retu", "def f(", "self", "a = ", "re", "é", "🙂", "x\n    ", "", "return", "   "]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_answer_extends_what_was_typed_and_never_repeats_it(prefix):
    engine = make_engine()
    request = FillInRequest(prefix, "", limits=Limits(8, StopAt.BUDGET))
    prompt = engine._prompts.build(request)
    done = run_steps(engine.complete(request, CancelFlag()))
    if done.token_ids:
        generated = b"".join(map(engine.tokenizer.token_bytes, done.token_ids))
        assert generated.startswith(prompt.healed)
        raw = generated[len(prompt.healed) :].decode(errors="replace").rstrip("\ufffd")
        assert done.text.rstrip("\ufffd").startswith(raw)
    assert len(done.token_ids) == len(done.token_logprobs)


def test_streamed_pieces_add_up_to_the_text():
    engine = make_engine()
    for seed in range(30):
        pieces = []
        request = FillInRequest(f"a{seed}(", "", limits=Limits(max_tokens=30, stop_strings=("b",)))
        done = run_steps(engine.complete(request, CancelFlag(), pieces.append))
        assert "".join(pieces) == done.text


def test_stop_strings_and_control_tokens_are_never_in_the_text():
    engine = make_engine()
    for seed in range(30):
        request = FillInRequest(f"a{seed}(", "", limits=Limits(max_tokens=30, stop_strings=("a", "=\n")))
        done = run_steps(engine.complete(request, CancelFlag()))
        assert "a" not in done.text and "=\n" not in done.text and "<|" not in done.text


def test_stop_at_line_ends_with_the_line():
    engine = make_engine()
    reasons = set()
    for seed in range(40):
        request = FillInRequest(f"b{seed}", "", limits=Limits(40, StopAt.LINE))
        done = run_steps(engine.complete(request, CancelFlag()))
        assert "\n" not in done.text.strip("\n \t")
        reasons.add(done.finish_reason)
    assert FinishReason.LINE in reasons


def test_limits_of_tokens_and_of_time_end_the_answer():
    engine = make_engine()
    request = FillInRequest("c", "", limits=Limits(max_tokens=1, stop_at=StopAt.BUDGET))
    assert run_steps(engine.complete(request, CancelFlag())).finish_reason is FinishReason.LENGTH
    late = FillInRequest("a = 1\n" * 100, "", limits=Limits(deadline_ms=0))
    done = run_steps(engine.complete(late, CancelFlag()))
    assert done.finish_reason is FinishReason.DEADLINE and done.text == ""
    assert run_steps(engine.complete(late, CancelFlag())).num_cached_tokens >= 64, "its prefill was kept"


def test_max_tokens_over_the_context_are_cut_to_it():
    engine = make_engine(max_tokens=300)
    request = FillInRequest("a = 1\n" * 100, "b\n" * 100, limits=Limits(max_tokens=5000, stop_at=StopAt.BUDGET))
    done = run_steps(engine.complete(request, CancelFlag()))
    assert done.num_prompt_tokens <= 150
    assert done.num_prompt_tokens + len(done.token_ids) <= 300


def test_cancel_before_the_start_computes_nothing():
    engine, cancelled = make_engine(), CancelFlag()
    cancelled.set()
    done = run_steps(engine.complete(FillInRequest("a", ""), cancelled))
    assert done.finish_reason is FinishReason.CANCELLED
    assert engine.model.num_computed == 0


def test_timings_add_up():
    timings = run_steps(make_engine().complete(FillInRequest("a = 1\n" * 50, ""), CancelFlag())).timings
    stages = timings.prompt_ms + timings.prefill_ms + timings.decode_ms
    assert 0 < stages <= timings.total_ms + 0.01, "what another program took between two stages counts for none"
    assert 0 < timings.prompt_ms + timings.prefill_ms <= timings.first_token_ms <= timings.total_ms


def test_line_under_the_least_probability_ends_the_answer():
    engine = make_engine(drafts=False)  # tokens are counted: with drafts a pass computes wrong ones too
    reasons = set()
    for seed in range(60):
        request = FillInRequest(f"a{seed}(", "", limits=Limits(max_tokens=30, stop_at=StopAt.BUDGET))
        whole = run_steps(engine.complete(request, CancelFlag()))
        assert len(whole.line_probabilities) == 1 + whole.text.count("\n")
        place = len(whole.line_probabilities) // 2 * (seed % 2)  # every other time all lines are sure enough
        threshold = sorted(whole.line_probabilities)[place]
        sure = [probability >= threshold for probability in whole.line_probabilities]
        num_sure = sure.index(False) if False in sure else len(sure)
        pieces = []
        computed = engine.model.num_computed
        strict = replace(request, limits=replace(request.limits, min_probability=threshold))
        done = run_steps(engine.complete(strict, CancelFlag(), pieces.append))
        assert done.text == "".join(pieces) == "\n".join(whole.text.split("\n")[:num_sure])
        assert done.finish_reason is (whole.finish_reason if num_sure == len(sure) else FinishReason.UNSURE)
        if done.finish_reason is FinishReason.UNSURE:
            assert engine.model.num_computed - computed <= 2 + len(whole.token_ids)
        reasons.add(done.finish_reason)
    assert FinishReason.UNSURE in reasons and len(reasons) > 1


def test_least_probability_is_the_models_own_by_default():
    engine = make_engine()
    engine._min_probability = 1.0
    request = FillInRequest("a(", "", limits=Limits(stop_at=StopAt.BUDGET))
    assert run_steps(engine.complete(request, CancelFlag())).text == ""
    anything = replace(request, limits=replace(request.limits, min_probability=0.0))
    assert run_steps(engine.complete(anything, CancelFlag())).text


SLOW = FillInRequest("x = 1\n" * 30 + "def mean(values):\n", limits=Limits(20, StopAt.BUDGET))
URGENT = FillInRequest("x = 1\n" * 30 + "y = ", limits=Limits(5, StopAt.BUDGET))


def answer(completion):
    return completion.token_ids, completion.token_logprobs


def stepped(engine, request, num_steps):
    """A run that has been stepped so often."""
    steps = engine.complete(request, CancelFlag())
    for _ in range(num_steps):
        next(steps)
    return steps


@pytest.mark.parametrize("drafts", [True, False])
@pytest.mark.parametrize("num_steps", range(0, 21, 3))
def test_completion_between_two_steps_of_another_changes_neither(drafts, num_steps):
    slow, urgent = (
        answer(run_steps(make_engine(drafts=drafts).complete(request, CancelFlag()))) for request in (SLOW, URGENT)
    )
    engine = make_engine(drafts=drafts)
    steps = stepped(engine, SLOW, num_steps)
    assert answer(run_steps(engine.complete(URGENT, CancelFlag()))) == urgent
    assert answer(run_steps(steps)) == slow


def test_runs_that_were_stepped_in_turn_both_leave_their_rows():
    engine = make_engine()
    steps = stepped(engine, SLOW, 3)
    run_steps(engine.complete(URGENT, CancelFlag()))
    run_steps(steps)
    for request in (SLOW, URGENT):
        again = run_steps(engine.complete(request, CancelFlag()))
        assert again.num_cached_tokens >= again.num_prompt_tokens - 2


@pytest.mark.parametrize("num_steps", [1, 2, 3, 8, 15])
def test_closed_run_leaves_its_rows_and_no_wrong_one(num_steps):
    engine = make_engine()
    stepped(engine, SLOW, num_steps).close()
    again = run_steps(engine.complete(SLOW, CancelFlag()))
    assert again.num_cached_tokens >= min(num_steps * 64, again.num_prompt_tokens - 2)
    assert answer(again) == answer(run_steps(make_engine().complete(SLOW, CancelFlag())))


def test_closed_prefill_and_score_leave_their_rows():
    engine = make_engine()
    for begin in (
        lambda: engine.prefill(SLOW, CancelFlag()),
        lambda: engine.score(URGENT, ["a", "b"], CancelFlag()),
    ):
        steps = begin()
        next(steps)
        steps.close()
        assert len(engine._prefix_cache) and all(len(each) for each in engine._prefix_cache.recent())
    again = run_steps(engine.complete(SLOW, CancelFlag()))
    assert again.num_cached_tokens >= 64
    assert answer(again) == answer(run_steps(make_engine().complete(SLOW, CancelFlag())))


def test_rest_before_decoding_is_yielded_once_the_prompt_is_computed():
    engine = make_engine()
    request = replace(SLOW, limits=replace(SLOW.limits, decode_after_ms=60_000))
    steps = engine.complete(request, CancelFlag())
    rests = [next(steps) for _ in range(4)]
    assert rests[:2] == [0.0, 0.0] and 0 < rests[3] <= rests[2] <= 60
    assert engine.model.num_computed == len(engine._prompts.build(request).token_ids)
    steps.close()
