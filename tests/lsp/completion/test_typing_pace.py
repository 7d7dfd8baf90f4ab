"""Decoding begins at once where answers come before the next key, else after that key's time. Prompts never wait."""

import pytest

from engine.fakes import make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.request import FillInRequest, FinishReason, Limits
from sotto_lsp.completion.pace import TypingPace

REQUEST = FillInRequest("a = 1\n" * 30, "\n", limits=Limits(max_tokens=4))


def typed(intervals, answers_ms):
    times = iter([0.0, *intervals])
    now = 0.0

    def clock():
        nonlocal now
        now += next(times)
        return now

    pace = TypingPace(clock)
    for _ in range(len(intervals) + 1):
        pace.add_key()
    for answer_ms in answers_ms:
        pace.add_answer(answer_ms)
    return pace


@pytest.mark.parametrize(
    ("intervals", "answers_ms", "expected"),
    [
        ([0.06] * 20, [200, 100], 90),
        ([0.2] * 20, [700], 150),
        ([0.06] * 20, [20, 40], 0),
        ([0.06] * 4, [200], 0),
        ([0.06] * 20, [], 0),
        ([0.06, 3.0] * 5, [200], 90),
        ([0.4] * 30 + [0.06] * 20, [200], 90),
    ],
    ids=["too slow", "bounded", "fast enough", "few keys", "no answer yet", "with pauses", "a faster pace"],
)
def test_decode_waits_where_the_next_key_comes_before_the_answer(intervals, answers_ms, expected):
    assert typed(intervals, answers_ms).decode_after_ms() == pytest.approx(expected)


def test_next_key_finds_the_prompt_computed_and_no_token_decoded():
    engine, cancelled = make_engine(), CancelFlag()
    late = FillInRequest(REQUEST.prefix, "\n", limits=Limits(max_tokens=4, decode_after_ms=60_000))
    steps = engine.complete(late, cancelled)
    while not next(steps):
        pass
    cancelled.set()
    broken_off = run_steps(steps)
    assert broken_off.finish_reason is FinishReason.CANCELLED
    assert broken_off.timings.decode_ms < broken_off.timings.total_ms
    assert len(broken_off.token_ids) <= 1, "what the prompt itself says, no pass more"
    answer = run_steps(engine.complete(REQUEST, CancelFlag()))
    assert answer.num_prompt_tokens - answer.num_cached_tokens == 2


def test_delayed_decode_gives_the_same_answer():
    at_once = run_steps(make_engine().complete(REQUEST, CancelFlag()))
    later = run_steps(
        make_engine().complete(
            FillInRequest(REQUEST.prefix, "\n", limits=Limits(max_tokens=4, decode_after_ms=300)),
            CancelFlag(),
        )
    )
    assert (later.text, later.token_logprobs) == (at_once.text, at_once.token_logprobs)
    assert later.timings.total_ms >= 300 > later.timings.decode_ms
