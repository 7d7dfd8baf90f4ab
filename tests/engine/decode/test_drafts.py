"""Guessing the next tokens: where from, how many, and what is learnt."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sotto_engine.decode.drafts import Drafter, PassCost, latest_continuation


def continuation(*token_ids, num_tokens=3):
    return latest_continuation(np.array(token_ids, np.int64), num_tokens)


def test_draft_is_what_followed_the_same_tokens_last_time():
    assert continuation(1, 2, 3, 4, 5, 1, 2) == ([3, 4, 5], 2)


def test_longer_match_goes_before_a_later_one():
    assert continuation(1, 2, 30, 9, 2, 40, 1, 2) == ([30, 9, 2], 2)


def test_latest_of_equal_matches_is_taken():
    assert continuation(7, 30, 9, 7, 40, 8, 7, num_tokens=1) == ([40], 1)


def test_draft_never_goes_across_two_texts():
    assert continuation(5, 6, -1, 8, 9, 5, 6) == ([], 2)


def test_new_token_has_no_continuation():
    assert continuation(1, 2, 3) == ([], 0)
    assert continuation(1) == ([], 0)


@given(
    st.one_of(
        st.lists(st.integers(0, 3), min_size=1, max_size=30),
        st.lists(st.integers(0, 1), min_size=20, max_size=60),
    ),
    st.integers(1, 5),
)
def test_search_finds_what_the_naive_one_finds(token_ids, num_tokens):
    assert continuation(*token_ids, num_tokens=num_tokens) == naive_continuation(token_ids, num_tokens)


def naive_continuation(token_ids, num_tokens):
    for match in range(16, 0, -1):
        for end in range(len(token_ids) - 1, match - 1, -1):
            if match <= len(token_ids) and token_ids[end - match : end] == token_ids[-match:]:
                goes_on = token_ids[end:] * num_tokens
                return goes_on[:num_tokens], match
    return [], 0


def test_repetition_is_taken_to_go_on():
    assert continuation(9, 1, 2, 1, 2, num_tokens=5) == ([1, 2, 1, 2, 1], 2)


def test_draft_has_always_a_token():
    assert Drafter().draft(np.array([1, 2, 3]), room=5).token_ids == [3]


def test_draft_from_the_last_answer():
    drafter = Drafter()
    drafter.remember([1, 2, 3, 4, 5], [60, 61, 62])
    past = drafter.past([9, 9, 5])
    assert drafter.draft(np.array([*past, 60]), room=5).token_ids[0] == 61


def test_draft_is_not_longer_than_the_room():
    drafter = Drafter()
    assert len(drafter.draft(np.array([1, 2, 3, 4, 5, 6, 7, 8] * 4), room=2).token_ids) <= 2


def test_drafts_grow_where_right_and_shrink_where_wrong():
    text = np.array(list(range(40)) * 2)
    right, wrong = Drafter(), Drafter()
    for _ in range(100):
        draft = right.draft(text, room=9)
        right.learn(draft, len(draft.token_ids), len(draft.token_ids))
        wrong.learn(wrong.draft(text, room=9), 0, 1)
    assert len(right.draft(text, room=20).token_ids) == 15
    assert len(wrong.draft(text, room=20).token_ids) == 1


def test_drafts_shrink_where_every_token_costs_as_much():
    text = np.array(list(range(40)) * 2)
    drafter = Drafter()
    for size in (2, 4, 8, 2, 3, 5, 8) * 20:
        drafter.cost.add(size, seconds=size * 0.01)
    for _ in range(100):
        draft = drafter.draft(text, room=9)
        drafter.learn(draft, len(draft.token_ids) * 2 // 3, len(draft.token_ids))
    assert len(drafter.draft(text, room=9).token_ids) == 1


def test_pass_cost_is_learnt():
    cost = PassCost()
    for size in (2, 3, 8, 2, 5) * 30:
        cost.add(size, seconds=0.010 + 0.001 * size)
    assert ratio(cost) == pytest.approx(18 / 12, rel=0.05)


def test_pass_cost_ignores_slow_passes():
    cost = PassCost()
    for number in range(300):
        for size in (2, 3, 8, 2, 5):
            cost.add(size, seconds=(0.010 + 0.001 * size) * (20 if (number + size) % 10 == 0 else 1))
    assert ratio(cost) == pytest.approx(18 / 12, rel=0.15)


def test_pass_cost_never_falls_with_size():
    cost = PassCost()
    for size in (2, 8, 2, 8) * 30:
        cost.add(size, seconds=0.1 / size)
    assert ratio(cost) >= 1


def test_pass_cost_of_one_size_keeps_the_assumed_line():
    cost = PassCost()
    for _ in range(500):
        cost.add(2, seconds=0.5)
    assert ratio(cost) > 1


def ratio(cost):
    base, slope = cost.line()
    return (base + 8 * slope) / (base + 2 * slope)
