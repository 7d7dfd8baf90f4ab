"""A model whose kernels take rows in pairs gives the rows of a cold prompt however it is cut, in even passes."""

import random

import numpy as np
import pytest

from engine.fakes import FakeCutModel, FakeModel, FakeRecurrentModel, make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.model.exact_rows import EvenPasses, make_rows_exact
from sotto_engine.model.language_model import ATTENTION_TILE, PassCancelled
from sotto_engine.model_files.start_memory import StartMemory
from sotto_engine.request import FillInRequest, Limits

VOCABULARY = 300


class FakePairModel(FakeModel):
    """The last row of an odd pass is computed in another way, as by a kernel that takes rows in pairs."""

    def forward(self, cache, token_ids, cancelled, num_logits=1):
        logits = super().forward(cache, token_ids, cancelled, num_logits)
        if len(token_ids) % 2:
            cache.tensors["state"][0, 0, len(cache) - 1, 0] += 1
            logits[-1] = np.roll(logits[-1], 1)
        return logits


def rows_of(cache):
    return cache.tensors["state"][0, 0, : len(cache), 0].tolist()


def filled(model, token_ids, sizes):
    cache = model.new_cache()
    for size in sizes:
        logits = model.forward(cache, token_ids[len(cache) : len(cache) + size], CancelFlag())
    return cache, logits


@pytest.fixture
def ask(tmp_path):
    def ask(model):
        return make_rows_exact(model, StartMemory(None), [])

    return ask


def test_exact_model_is_taken_as_it_is(ask):
    model = FakeModel(VOCABULARY)
    assert ask(model) == (model, True)


def test_even_passes_where_a_model_takes_rows_in_pairs(ask):
    model, is_exact = ask(FakePairModel(VOCABULARY))
    assert is_exact and isinstance(model, EvenPasses)


@pytest.mark.parametrize("kind", [FakeCutModel, FakeRecurrentModel])
def test_even_passes_are_not_for_recurrent_states(ask, kind):
    model = kind(VOCABULARY)
    assert not EvenPasses.suit(model.traits)
    assert ask(model)[0] is model


def test_odd_passes_leave_the_rows_and_logits_of_one_pass():
    token_ids = list(range(20, 60))
    whole, expected = filled(FakeModel(VOCABULARY), token_ids, [40])
    chance = random.Random(7)
    for _ in range(200):
        sizes = []
        while (left := 40 - sum(sizes)) > 0:
            sizes.append(left if left <= 3 else chance.randint(2, min(9, left - 2)))
        cache, logits = filled(EvenPasses(FakePairModel(VOCABULARY)), token_ids, sizes)
        assert rows_of(cache) == rows_of(whole) and cache.token_ids == whole.token_ids
        assert np.array_equal(logits, expected)


def test_logits_of_even_passes_belong_to_their_tokens():
    model, plain = EvenPasses(FakePairModel(VOCABULARY)), FakeModel(VOCABULARY)
    given = model.forward(model.new_cache(), [3, 4, 5], CancelFlag(), num_logits=3)
    assert np.array_equal(given, plain.forward(plain.new_cache(), [3, 4, 5], CancelFlag(), num_logits=3))


def test_context_keeps_a_place_for_the_additional_row():
    model = EvenPasses(FakePairModel(VOCABULARY, max_tokens=8))
    cache, _ = filled(model, list(range(7)), [2, 2, 3])
    assert len(cache) == model.max_tokens


def test_cancelled_pass_leaves_the_cache_alone():
    model = EvenPasses(FakePairModel(VOCABULARY))
    cache, _ = filled(model, [1, 2, 3, 4], [4])
    before, cancelled = rows_of(cache), CancelFlag()
    cancelled.set()
    with pytest.raises(PassCancelled):
        model.forward(cache, [5, 6, 7], cancelled)
    assert rows_of(cache) == before


def test_prefill_leaves_no_single_row_over_a_tile():
    lengths = set[int]()
    for num_letters in range(1, 140):
        engine = make_engine()
        run_steps(engine.complete(FillInRequest("a" * num_letters, "", limits=Limits(max_tokens=1)), CancelFlag()))
        assert all(size % ATTENTION_TILE != 1 for size in engine.model.passes), engine.model.passes
        lengths.add(sum(engine.model.passes))
    assert {33, 65, 97, 129} <= lengths, "the lengths of which one would be left over"


def test_warm_equals_cold_through_the_engine():
    """The same edits with the wrapper equal cold ones; without it they do not, so the check can fail."""

    def differences(make_model):
        warm, chance, text, found = make_engine(make_model=make_model), random.Random(3), "a = b\n" * 30, 0
        for _ in range(60):
            text = text[: -chance.randint(1, 9)] if chance.random() < 0.3 else text + chance.choice("ab=( \n")
            request = FillInRequest(text, "\nb = (\n", limits=Limits(max_tokens=6, min_probability=0.0))
            cold = run_steps(make_engine(make_model=make_model).complete(request, CancelFlag()))
            answer = run_steps(warm.complete(request, CancelFlag()))
            found += (answer.token_ids, answer.token_logprobs) != (cold.token_ids, cold.token_logprobs)
        return found

    assert not differences(lambda *arguments: EvenPasses(FakePairModel(*arguments)))
    assert differences(FakePairModel)
