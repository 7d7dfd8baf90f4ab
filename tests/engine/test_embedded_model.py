"""The model that ships: warm equals cold on real files, cancelling frees the worker, healing on real words."""

import inspect
import json
import random
import threading
from dataclasses import replace
from pathlib import Path

import pytest

import sotto_models
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.drafts import Draft, Drafter
from sotto_engine.decode.run import run_steps
from sotto_engine.engine import Engine
from sotto_engine.loading import ModelOptions, load_engine
from sotto_engine.model.probe import rows_are_exact
from sotto_engine.request import FillInRequest, FinishReason, Limits, StopAt

NUM_KEYSTROKES = 300


@pytest.fixture(scope="module")
def engine():
    return load_engine(sotto_models.embedded_model_dir())[0]


def cold(engine):
    """The same model with nothing in its caches."""
    return Engine(engine.model, engine._prompts, engine._stop_ids)


def sources():
    return [Path(inspect.getsourcefile(module)).read_text() for module in (json.decoder, random, threading)]


def histories(seed, num_keystrokes):
    """Typing, deleting, jumping and switching between three files of the standard library."""
    dice = random.Random(seed)
    texts = sources()
    places = [[len(text) // 2, len(text) // 2] for text in texts]  # [typed up to, rest starts at]
    number = 0
    for _ in range(num_keystrokes):
        text, place = texts[number], places[number]
        action = dice.random()
        if action < 0.80:
            place[0] += 1
            place[1] = max(place)
        elif action < 0.88:
            place[0] -= dice.randint(1, 12)
        elif action < 0.94:
            number = dice.randrange(3)
        else:
            place[0] = place[1] = dice.randrange(200, len(text) - 200)
        yield FillInRequest(
            text[max(0, place[0] - 6000) : place[0]],
            text[place[1] : place[1] + 3000],
            # With no least probability every token is compared, sure or not.
            limits=Limits(10, dice.choice([StopAt.LINE, StopAt.BLOCK]), min_probability=0.0),
        )


@pytest.mark.parametrize("order", ["suffix-first", "anchored"])
def test_warm_equals_cold_on_real_files(order):
    warm, _ = load_engine(sotto_models.embedded_model_dir(), ModelOptions(fim_order=order))
    dice = random.Random(1)
    for request in histories(order, NUM_KEYSTROKES // 2):
        if dice.random() < 0.15:  # a request that is cancelled half-way, as most are
            flag = CancelFlag()
            threading.Timer(dice.uniform(0, 0.03), flag.set).start()
            run_steps(warm.complete(request, flag))
        answer = run_steps(warm.complete(request, CancelFlag()))
        reference = run_steps(cold(warm).complete(request, CancelFlag()))
        assert reference.num_cached_tokens == 0
        assert answer.token_ids == reference.token_ids
        assert answer.token_logprobs == reference.token_logprobs, "not only the same tokens: the same bits"


def test_rows_are_exact_however_the_prompt_is_cut(engine):
    assert rows_are_exact(engine.model)


def test_typing_along_computes_a_few_tokens_a_key(engine):
    text, warm = sources()[0], cold(engine)
    middle = len(text) // 2
    computed, prompts = 0, 0
    for offset in range(middle, middle + 150):
        done = run_steps(
            warm.complete(
                FillInRequest(text[:offset], text[middle + 150 :], limits=Limits(max_tokens=4)), CancelFlag()
            )
        )
        computed += done.num_prompt_tokens - done.num_cached_tokens
        prompts += done.num_prompt_tokens
    assert computed / prompts < 0.10


class Signalling:
    """The model, which says when its second pass is done."""

    def __init__(self, model):
        self._model = model
        self.passes = 0
        self.is_under_way = threading.Event()

    def __getattr__(self, name):
        return getattr(self._model, name)

    def forward(self, *arguments, **options):
        logits = self._model.forward(*arguments, **options)
        self.passes += 1
        if self.passes == 2:
            self.is_under_way.set()
        return logits


def test_cancel_of_a_long_prefill_ends_within_a_slice(engine):
    model, flag = Signalling(engine.model), CancelFlag()
    warm = Engine(model, engine._prompts, engine._stop_ids)
    request = FillInRequest(sources()[2][:5000], "", limits=Limits(max_tokens=4))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(run_steps(warm.complete(request, flag))))
    thread.start()
    assert model.is_under_way.wait(60)
    flag.set()
    thread.join()
    assert answers[0].finish_reason is FinishReason.CANCELLED
    passes_before = model.passes
    assert passes_before <= 4, "at most the slice that was running, and one that had begun"
    again = run_steps(warm.complete(request, CancelFlag()))
    assert again.finish_reason is not FinishReason.CANCELLED
    assert again.num_cached_tokens == 64 * passes_before, "the work was kept, up to the last whole slice"
    assert again.num_cached_tokens < again.num_prompt_tokens / 2


def test_healing_completes_half_a_word_without_repeating_it(engine):
    before, after = "def mean(values):\n    total = su", "\n    return total / len(values)\n"
    request = FillInRequest(before, after, limits=Limits(min_probability=0.0))
    done = run_steps(engine.complete(request, CancelFlag()))
    assert done.text.startswith("m(values)")


def test_same_request_twice_is_answered_the_same(engine):
    request = FillInRequest("import os\n\n\ndef size(path):\n    return os.", "\n")
    first, second = (run_steps(engine.complete(request, CancelFlag())) for _ in range(2))
    assert first.token_ids == second.token_ids
    assert second.num_prompt_tokens - second.num_cached_tokens == 2


class Blind(Drafter):
    """Guesses nothing but what a pass of two tokens needs to be one."""

    def draft(self, past, room):
        return Draft([int(past[-1])], 0)


def test_drafts_change_neither_a_token_nor_a_probability(engine):
    plain, num_tokens = cold(engine), 0
    plain._drafter = Blind()
    drafting = cold(engine)
    for keystroke in histories(seed=11, num_keystrokes=40):
        limits = replace(keystroke.limits, max_tokens=40, stop_at=StopAt.BUDGET)
        request = replace(keystroke, limits=limits)
        right, done = (
            run_steps(plain.complete(request, CancelFlag())),
            run_steps(drafting.complete(request, CancelFlag())),
        )
        assert (done.token_ids, done.token_logprobs) == (right.token_ids, right.token_logprobs)
        num_tokens += len(done.token_ids)
    assert num_tokens > 500 and sum(drafting._drafter._hits) > 50, "drafts were tried, and taken"
