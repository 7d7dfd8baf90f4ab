"""Scoring given answers: equal to adding up what each token costs, alone or together, and invisible to later runs."""

from dataclasses import replace

import numpy as np
import pytest

from engine.fakes import FakeCutModel, FakeModel, FakeRecurrentModel, make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.request import FillInRequest, Limits

REQUEST = FillInRequest("def f(x):\n    return x\n" * 4 + "    ", "\n\nend\n", limits=Limits(max_tokens=6))
TEXTS = ["return a", "return ab", "a = b", "", "return a", "self.a()"]
MODELS = [(FakeModel, 1), (FakeRecurrentModel, 1), (FakeModel, 32), (FakeCutModel, 32)]


def naive_score(engine, text):
    """One token after the other, on a cache of its own."""
    prompt = engine._prompts.build(REQUEST)
    cache = engine.model.new_cache()
    answer = engine.tokenizer.encode(prompt.healed.decode() + text)
    logits = engine.model.forward(cache, prompt.token_ids, CancelFlag())[0]
    total = 0.0
    for token_id in [*answer, None]:
        logprobs = logits - np.log(np.exp(logits.astype(np.float64)).sum())
        if token_id is None:
            ends = sorted({*engine._stop_ids, *engine.tokenizer.ids_extending(b"\n")})
            return total + np.log(np.exp(logprobs[ends]).sum())
        total += logprobs[token_id]
        logits = engine.model.forward(cache, [token_id], CancelFlag())[0]


class LastLogitsOnly(FakeRecurrentModel):
    """As exports with a pruned head."""

    def __init__(self, *args):
        super().__init__(*args)
        self.traits = replace(self.traits, only_last_logits=True)

    def forward(self, cache, token_ids, cancelled, num_logits=1):
        assert num_logits == 1
        return super().forward(cache, token_ids, cancelled)


@pytest.mark.parametrize("make_model", [FakeModel, LastLogitsOnly])
def test_score_is_the_sum_over_tokens_and_end(make_model):
    engine = make_engine(make_model=make_model)
    scores = run_steps(engine.score(REQUEST, TEXTS, CancelFlag()))
    assert scores == pytest.approx([naive_score(engine, text) for text in TEXTS])
    assert scores[0] == scores[4]


@pytest.mark.parametrize(("make_model", "grid"), MODELS)
def test_score_changes_no_later_answer_or_score(make_model, grid):
    warm = make_engine(make_model=make_model, grid=grid)
    for length in range(40, 75):  # over the places where prompts are cut
        prefix = "".join(chr(97 + each % 7) for each in range(length))
        request = FillInRequest(prefix, "\n", limits=Limits(max_tokens=5))
        cold = make_engine(make_model=make_model, grid=grid)
        assert run_steps(warm.score(request, TEXTS, CancelFlag())) == run_steps(
            cold.score(request, TEXTS, CancelFlag())
        )
        cold = make_engine(make_model=make_model, grid=grid)
        done, expected = (run_steps(each.complete(request, CancelFlag())) for each in (warm, cold))
        assert (done.token_ids, done.token_logprobs) == (expected.token_ids, expected.token_logprobs)
        assert run_steps(warm.score(request, TEXTS[:2], CancelFlag())) == run_steps(
            cold.score(request, TEXTS[:2], CancelFlag())
        )


def test_score_computes_a_shared_beginning_once():
    engine = make_engine()
    run_steps(engine.complete(REQUEST, CancelFlag()))
    engine.model.num_computed = 0
    texts = ["return " + "ab" * 10 + end for end in ("a", "b", "(", "=")]
    run_steps(engine.score(REQUEST, texts, CancelFlag()))
    alone = sum(len(engine.tokenizer.encode(text)) for text in texts)
    assert engine.model.num_computed < alone // 2
    assert min(engine.model.passes) >= 1


def test_cancelled_scoring_leaves_the_caches_sound():
    engine = make_engine()
    expected = run_steps(make_engine().complete(REQUEST, CancelFlag())).token_ids
    for num_passes in range(6):
        cancelled = CancelFlag()
        remaining = iter(range(num_passes))
        engine.model.before_pass = lambda: cancelled.set() if next(remaining, None) is None else None  # noqa: B023
        assert run_steps(engine.score(REQUEST, TEXTS, cancelled)) == ()
        engine.model.before_pass = lambda: None
        assert run_steps(engine.complete(REQUEST, CancelFlag())).token_ids == expected


def test_answer_beyond_the_context_is_impossible():
    engine = make_engine(max_tokens=200)
    short, long = run_steps(engine.score(REQUEST, ["a", "ab" * 200], CancelFlag()))
    assert short > long == -np.inf
