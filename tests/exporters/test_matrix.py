"""Exports of real exporters: they load, give PyTorch's logits, and a warm cache answers as a cold one.

The models in `models/` are tiny and always tested; `make test-exporters` builds all that the exporters can and tests
them too (`--exporters DIR`).
"""

import random
import threading

import numpy as np

from sotto_engine.cache.cache_store import CacheStore
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.engine import PREFILL_GRID
from sotto_engine.loading import load_engine
from sotto_engine.model.language_model import PassCancelled
from sotto_engine.model.onnx_model import Model
from sotto_engine.model.probe import rows_look_exact
from sotto_engine.model_files.export_folder import read_export_folder
from sotto_engine.request import FillInRequest, FinishReason, Limits

BOUNDS = {"float32": 1e-4, "float16": 5e-3, "int8": 0.05, "int8cache": 0.1, "int4": 0.4}
RECURRENT_BOUNDS = {"float32": 1e-4, "int8": 0.35, "int4": 0.9}
"""Of |logits - PyTorch's| / |PyTorch's|; text in the wrong order gives 0.8 to 1.4. float32 says that the graph is fed
rightly. The others are wide since random weights make rounding grow from layer to layer: they say nothing of what a
trained model loses."""
TEXTS = ("def f(x):\n    return x\n", "self.a = 1\n", "ab", "é", "\n    ", "return ", "🙂", "a b(")
NUM_HISTORIES = {"core": 20, "all": 200}


def load(model_dir):
    folder = read_export_folder(model_dir)
    return Model(model_dir / folder.graph, folder.context_length, 1, folder.head_dim)


def prefill(model, token_ids, sizes):
    cache, logits = model.new_cache(), []
    for size in sizes:
        piece = token_ids[len(cache) : len(cache) + size]
        logits.append(model.forward(cache, piece, CancelFlag(), num_logits=len(piece)))
    return cache, np.concatenate(logits)


def error_of(logits, reference):
    return np.linalg.norm(logits - reference) / np.linalg.norm(reference)


def test_logits_are_pytorchs_whole_in_pieces_and_one_by_one(model_dir):
    model, reference = load(model_dir), np.load(model_dir / "reference.npz")
    token_ids = reference["token_ids"].tolist()
    bound = (RECURRENT_BOUNDS if model.traits.state_nbytes else BOUNDS)[model_dir.name.rsplit("-", 1)[1]]
    for sizes in ([48], [20, 13, 15], [1] * 48):
        _, logits = prefill(model, token_ids, sizes)
        assert error_of(logits, reference["logits"]) < bound


def test_wrong_position_would_be_noticed(model_dir):
    model, reference = load(model_dir), np.load(model_dir / "reference.npz")
    token_ids = reference["token_ids"].tolist()
    _, wrong = prefill(model, token_ids[1:] + token_ids[:1], [48])
    assert error_of(wrong, reference["logits"]) > 0.7


def test_rewind_and_go_on_equals_a_cold_cache(model_dir):
    model = load(model_dir)
    token_ids = np.load(model_dir / "reference.npz")["token_ids"].tolist()
    cache, _ = prefill(model, token_ids, [20])
    cache.checkpoint()
    model.forward(cache, [7, 8, 9], CancelFlag())
    cache.rewind(20)
    assert len(cache) == 20
    warm = model.forward(cache, token_ids[20:], CancelFlag(), num_logits=28)
    _, cold = prefill(model, token_ids, [20, 28])
    assert np.array_equal(warm, cold[20:])


def test_cancelled_pass_leaves_the_cache_as_it_was(model_dir):
    model = load(model_dir)
    token_ids = np.load(model_dir / "reference.npz")["token_ids"].tolist()
    cache, _ = prefill(model, token_ids, [20])
    rng, num_broken_off = random.Random(5), 0
    for _ in range(40):
        cancelled = CancelFlag()
        timer = threading.Timer(rng.random() * 4e-3, cancelled.set)
        timer.start()
        try:
            model.forward(cache, [3] * 400, cancelled)
            cache = prefill(model, token_ids, [20])[0]
        except PassCancelled:
            num_broken_off += 1
            assert len(cache) == 20
        timer.join()
    warm = model.forward(cache, token_ids[20:], CancelFlag(), num_logits=28)
    _, cold = prefill(model, token_ids, [20, 28])
    assert num_broken_off and np.array_equal(warm, cold[20:])


def test_inexact_models_are_found(model_dir):
    # a mixture of experts multiplies as many rows at once as go to an expert
    engine, _ = load_engine(model_dir)
    has_experts = any(name in model_dir.name for name in ("moe", "next"))
    assert rows_look_exact(engine.model) or (engine.prefill_grid == PREFILL_GRID and has_experts)


def test_warm_equals_cold_over_edits_cancels_and_restarts(model_dir, scope, tmp_path):
    warm, cold = load_engine(model_dir)[0], load_engine(model_dir)[0]
    rng = random.Random(model_dir.name)
    for _ in range(NUM_HISTORIES[scope]):
        text, cursor = "# file\n" * rng.randint(0, 12), 0
        for _ in range(rng.randint(1, 5)):
            text, cursor = edit(rng, text)
            request = FillInRequest(text[:cursor], text[cursor:], limits=Limits(max_tokens=4))
            if rng.random() < 0.2:
                start_again(warm, tmp_path)
            if rng.random() < 0.3:
                cancelled_after(warm, request, rng.randint(0, 3))
            cold._prefix_cache.clear()
            assert answer(warm, request) == answer(cold, request)


def start_again(engine, folder):
    """Nothing is left but what is on disk."""
    engine.keep_prompts(lambda: False)
    engine._prefix_cache.clear()
    engine.store = CacheStore(folder, "project", "model", min_tokens=8)


def edit(rng, text):
    cursor = rng.randint(0, len(text)) if rng.random() < 0.3 else len(text)
    if rng.random() < 0.3:
        start = max(0, cursor - rng.randint(1, 12))
        return text[:start] + text[cursor:], start
    typed = rng.choice(TEXTS)
    return text[:cursor] + typed + text[cursor:], cursor + len(typed)


def answer(engine, request):
    completion = run_steps(engine.complete(request, CancelFlag()))
    return completion.token_ids, np.round(completion.token_logprobs, 3).tolist()


def cancelled_after(engine, request, num_passes):
    cancelled, forward = CancelFlag(), engine.model.forward
    passes = iter(range(num_passes))

    def counted(*arguments, **named):
        if next(passes, None) is None:
            cancelled.set()
        return forward(*arguments, **named)

    engine.model.forward = counted
    try:
        assert run_steps(engine.complete(request, cancelled)).finish_reason is not FinishReason.DEADLINE
    finally:
        engine.model.forward = forward
