"""Engine.complete: healing, stops, streaming, deadlines."""

import dataclasses

import pytest

from engine.fakes import make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.request import FillInRequest, FinishReason, Limits, StopAt

PREFIXES = ["x.retu", "def f(", "self", "a = ", "re", "é", "🙂", "x\n    ", "", "return", "   "]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_answer_extends_what_was_typed_and_never_repeats_it(prefix):
    engine = make_engine()
    prompt = engine._prompts.build(FillInRequest(prefix, "", limits=Limits(max_tokens=8)))
    done = run_steps(
        engine.complete(
            FillInRequest(prefix, "", limits=Limits(max_tokens=8, stop_at=StopAt.BUDGET)), CancelFlag()
        )
    )
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


def test_no_stop_string_and_no_control_token_is_in_the_text():
    engine = make_engine()
    for seed in range(30):
        request = FillInRequest(f"a{seed}(", "", limits=Limits(max_tokens=30, stop_strings=("a", "=\n")))
        done = run_steps(engine.complete(request, CancelFlag()))
        assert "a" not in done.text and "=\n" not in done.text and "<|" not in done.text


def test_line_mode_ends_with_the_line():
    engine = make_engine()
    reasons = set()
    for seed in range(40):
        done = run_steps(
            engine.complete(
                FillInRequest(f"b{seed}", "", limits=Limits(max_tokens=40, stop_at=StopAt.LINE)), CancelFlag()
            )
        )
        assert "\n" not in done.text.strip("\n \t")
        reasons.add(done.finish_reason)
    assert FinishReason.LINE in reasons


def test_the_budget_of_tokens_and_of_time_ends_it():
    engine = make_engine()
    request = FillInRequest("c", "", limits=Limits(max_tokens=1, stop_at=StopAt.BUDGET))
    assert run_steps(engine.complete(request, CancelFlag())).finish_reason is FinishReason.LENGTH
    late = FillInRequest("a = 1\n" * 100, "", limits=Limits(deadline_ms=0))
    done = run_steps(engine.complete(late, CancelFlag()))
    assert done.finish_reason is FinishReason.DEADLINE and done.text == ""
    assert run_steps(engine.complete(late, CancelFlag())).num_cached_tokens >= 64, "its prefill was kept"


def test_more_tokens_than_the_context_holds_are_asked_for():
    engine = make_engine(max_tokens=300)
    request = FillInRequest(
        "a = 1\n" * 100, "b\n" * 100, limits=Limits(max_tokens=5000, stop_at=StopAt.BUDGET)
    )
    done = run_steps(engine.complete(request, CancelFlag()))
    assert done.num_prompt_tokens <= 150
    assert done.num_prompt_tokens + len(done.token_ids) <= 300


def test_a_flag_that_is_set_before_the_start_computes_nothing():
    engine, cancelled = make_engine(), CancelFlag()
    cancelled.set()
    assert (
        run_steps(engine.complete(FillInRequest("a", ""), cancelled)).finish_reason is FinishReason.CANCELLED
    )
    assert engine.model.num_computed == 0


def test_timings_add_up():
    timings = run_steps(make_engine().complete(FillInRequest("a = 1\n" * 50, ""), CancelFlag())).timings
    stages = timings.prompt_ms + timings.prefill_ms + timings.decode_ms
    assert timings.total_ms == pytest.approx(stages, abs=0.01)
    assert 0 < timings.prompt_ms + timings.prefill_ms <= timings.first_token_ms <= timings.total_ms


def test_a_line_less_probable_than_wanted_ends_the_answer_before_it():
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
        done = run_steps(
            engine.complete(
                dataclasses.replace(
                    request, limits=dataclasses.replace(request.limits, min_probability=threshold)
                ),
                CancelFlag(),
                pieces.append,
            )
        )
        assert done.text == "".join(pieces) == "\n".join(whole.text.split("\n")[:num_sure])
        assert done.finish_reason is (whole.finish_reason if num_sure == len(sure) else FinishReason.UNSURE)
        if done.finish_reason is FinishReason.UNSURE:
            assert engine.model.num_computed - computed <= 2 + len(whole.token_ids)
        reasons.add(done.finish_reason)
    assert FinishReason.UNSURE in reasons and len(reasons) > 1


def test_the_models_own_threshold_holds_where_the_request_names_none():
    engine = make_engine()
    engine._min_probability = 1.0
    request = FillInRequest("a(", "", limits=Limits(stop_at=StopAt.BUDGET))
    assert run_steps(engine.complete(request, CancelFlag())).text == ""
    assert run_steps(
        engine.complete(
            dataclasses.replace(request, limits=dataclasses.replace(request.limits, min_probability=0.0)),
            CancelFlag(),
        )
    ).text
