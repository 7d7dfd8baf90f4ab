"""Urgent work goes first between two passes of patient work, and neither changes the other's answer."""

import pytest

from engine.fakes import make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.request import FillInRequest, FinishReason, Limits, StopAt
from sotto_engine.yielding_flag import YieldingFlag

PATIENT = FillInRequest(
    "x = 1\n" * 30 + "def mean(values):\n", limits=Limits(max_tokens=20, stop_at=StopAt.BUDGET)
)
URGENT = FillInRequest("x = 1\n" * 30 + "y = ", limits=Limits(max_tokens=5, stop_at=StopAt.BUDGET))


def answer(completion):
    return completion.token_ids, completion.token_logprobs


# With drafts there are fewer passes, and how many is a matter of time.
CHANCES = [*((False, chance) for chance in range(0, 24, 3)), *((True, chance) for chance in range(0, 7, 3))]


@pytest.mark.parametrize(("drafts", "chance"), CHANCES)
def test_an_urgent_completion_inside_another_changes_neither(drafts, chance):
    alone = answer(make_engine(drafts=drafts).complete(PATIENT, CancelFlag()))
    urgent_alone = answer(make_engine(drafts=drafts).complete(URGENT, CancelFlag()))
    engine = make_engine(drafts=drafts)
    answers, chances = [], iter(range(1000))

    def give_way():
        if next(chances) == chance:
            answers.append(answer(engine.complete(URGENT, CancelFlag())))

    completion = engine.complete(PATIENT, YieldingFlag(give_way))
    assert answer(completion) == alone
    assert answers == [urgent_alone]


def test_both_find_their_caches_again():
    engine = make_engine()
    once = iter([True])

    def give_way():
        if next(once, False):
            engine.complete(URGENT, CancelFlag())

    engine.complete(PATIENT, YieldingFlag(give_way))
    for request in (PATIENT, URGENT):
        again = engine.complete(request, CancelFlag())
        assert again.num_cached_tokens >= again.num_prompt_tokens - 2


def test_a_flag_that_is_set_gives_way_no_more():
    flag = YieldingFlag(lambda: pytest.fail("it was cancelled"))
    flag.set()
    assert make_engine().complete(PATIENT, flag).finish_reason == FinishReason.CANCELLED
