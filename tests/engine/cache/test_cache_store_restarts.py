"""Prompts that an earlier run kept on disk answer as computed ones do, bit for bit, and cost a few tokens."""

import random
import tempfile
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sotto_models
from engine.cache.test_warm_equals_cold import EDITS, Place, answer, apply
from engine.fakes import FakeCutModel, FakeModel, FakeRecurrentModel, make_engine
from engine.test_embedded_model import cold, histories, sources
from sotto_engine.cache.cache_store import CacheStore, WarmStart, kept_root, project_folder
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.loading import ModelOptions, load_engine
from sotto_engine.request import FillInRequest, FimOrder, Limits


def never():
    return False


class AdoptingModel(FakeModel):
    """Makes a new cache in every pass, as graphs do that do not write in place."""

    def forward(self, cache, token_ids, cancelled, num_logits=1):
        logits = super().forward(cache, token_ids, cancelled, num_logits)
        cache.adopt({name: rows[:, :, : len(cache)].copy() for name, rows in cache.tensors.items()})
        return logits


HISTORIES = st.lists(
    st.one_of(
        EDITS,
        st.tuples(st.just("restart"), st.integers(0, 2), st.integers(0, 40)),
        st.tuples(st.just("keep"), st.integers(0, 2), st.integers(0, 40)),
    ),
    min_size=1,
    max_size=25,
)


@pytest.mark.parametrize("order", list(FimOrder))
@pytest.mark.parametrize("cache_nbytes", [1 << 24, 5000])
@pytest.mark.parametrize(
    ("make_model", "grid"),
    [(FakeModel, 1), (AdoptingModel, 1), (FakeRecurrentModel, 1), (FakeModel, 32), (FakeCutModel, 32)],
)
@settings(max_examples=25, deadline=None)
@given(history=HISTORIES)
def test_warm_equals_cold_over_edits_and_restarts(order, cache_nbytes, make_model, grid, history):
    with tempfile.TemporaryDirectory() as root:

        def start():
            return make_engine(
                order,
                max_tokens=300,
                cache_nbytes=cache_nbytes,
                make_model=make_model,
                grid=grid,
                store=CacheStore(Path(root), "project", "model", min_tokens=8),
            )

        warm = start()
        places = [Place(number) for number in range(3)]
        for action, number, detail in history:
            place = places[number]
            if action in ("keep", "restart"):
                steps = iter(range(detail))
                warm.keep_prompts(lambda steps=steps: next(steps, None) is None)  # broken off, or not
                warm = start() if action == "restart" else warm
            elif apply(warm, place, action, detail):
                reference = make_engine(order, max_tokens=300, make_model=make_model, grid=grid)
                right = answer(run_steps(reference.complete(place.request(), CancelFlag())))
                assert answer(run_steps(warm.complete(place.request(), CancelFlag()))) == right


@pytest.mark.parametrize(
    ("make_model", "grid", "most"), [(FakeModel, 1, 2), (FakeRecurrentModel, 1, 8), (FakeCutModel, 32, 34)]
)
def test_restart_computes_a_few_tokens_of_the_first_prompt(tmp_path, make_model, grid, most):
    request = FillInRequest("def f(x):\n    y = 1\n" * 20, "\n\nend\n", limits=Limits(max_tokens=4))
    engines = [
        make_engine(make_model=make_model, grid=grid, store=CacheStore(tmp_path, "project", "model"))
        for _ in range(2)
    ]
    before = run_steps(engines[0].complete(request, CancelFlag()))
    engines[0].keep_prompts(never)
    after = run_steps(engines[1].complete(request, CancelFlag()))
    assert answer(after) == answer(before)
    assert before.num_cached_tokens == 0 and after.num_prompt_tokens - after.num_cached_tokens <= most
    assert engines[1].model.num_computed <= most + 2 * 4 * 2


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    return tmp_path / "cache"


def load(mode="on", project="file:///project", **options):
    return load_engine(
        sotto_models.embedded_model_dir(), ModelOptions(**options), warm_start=WarmStart(mode, project)
    )[0]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("order", ["suffix-first", "anchored"])
def test_embedded_model_answers_from_disk_bit_for_bit(order):
    warm = load(fim_order=order)
    dice = random.Random(order)
    num_restarts = num_from_disk = 0
    for request in histories(f"restarts {order}", 60):
        if restarted := dice.random() < 0.2:
            warm.keep_prompts(never)
            warm = load(fim_order=order)
            num_restarts += 1
        done = run_steps(warm.complete(request, CancelFlag()))
        right = run_steps(cold(warm).complete(request, CancelFlag()))
        assert (done.token_ids, done.token_logprobs) == (right.token_ids, right.token_logprobs)
        num_from_disk += restarted and done.num_cached_tokens > done.num_prompt_tokens // 2
    assert num_from_disk > num_restarts // 3, "the disk was asked, and had something"


@pytest.mark.usefixtures("home")
def test_other_project_order_or_threads_read_nothing(monkeypatch):
    text = sources()[0]
    request = FillInRequest(text[:4000], text[4000:6000], limits=Limits(max_tokens=4))
    engine = load(num_threads=1)
    run_steps(engine.complete(request, CancelFlag()))
    engine.keep_prompts(never)

    def num_cached(**options):
        return run_steps(load(**{"num_threads": 1, **options}).complete(request, CancelFlag())).num_cached_tokens

    assert num_cached(project="file:///other") == 0
    assert num_cached() > 500
    assert num_cached(num_threads=2) == 0, "and a file of another number of threads is deleted"
    assert num_cached() == 0


def test_small_model_keeps_nothing_by_default_and_off_deletes(home):
    text = sources()[0]
    request = FillInRequest(text[:4000], text[4000:6000], limits=Limits(max_tokens=4))
    auto = load("auto")
    run_steps(auto.complete(request, CancelFlag()))
    auto.keep_prompts(never)
    assert auto.store is None and not home.exists()
    on = load("on")
    run_steps(on.complete(request, CancelFlag()))
    on.keep_prompts(never)
    assert len(list(project_folder(kept_root(), "file:///project").iterdir())) == 1
    assert load("off", project="file:///other").store is None
    assert list(kept_root().iterdir()), "another project's were switched off"
    assert load("off").store is None
    assert not list(kept_root().iterdir())


def test_large_model_keeps_prompts_by_default(home, monkeypatch):
    monkeypatch.setattr("sotto_engine.model_files.manifest.LARGE_NBYTES", 0)
    assert load("auto").store is not None and load("off").store is None
    assert not kept_root().exists(), "nothing is written before there is something to keep"


def test_no_project_keeps_nothing():
    assert load("on", project="").store is None
