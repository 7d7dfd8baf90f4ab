"""Tiers: a model of their own for code actions, and the embedded model where a larger one would cost too much."""

import asyncio
import json
from types import SimpleNamespace

import psutil
import pytest

import sotto_models
from sotto_engine.model_files.manifest import LARGE_NBYTES
from sotto_lsp.host import saving
from sotto_lsp.host.saving import SavingWatch, find_reason
from sotto_lsp.host.scheduler import Priority
from sotto_lsp.host.session import Session
from sotto_lsp.settings import Settings

EMBEDDED = str(sotto_models.embedded_model_dir())
GIGABYTE = 1 << 30


@pytest.fixture
def large(tmp_path):
    """A folder whose manifest is that of a large model."""
    manifest = json.loads((sotto_models.embedded_model_dir() / "manifest.json").read_text())
    next(iter(manifest["files"].values()))["nbytes"] = LARGE_NBYTES
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"name": "large"}))
    return tmp_path


@pytest.fixture
def machine(monkeypatch):
    """On mains, with memory to spare; the tests change it."""
    state = SimpleNamespace(battery=False, available=8 * GIGABYTE)
    monkeypatch.setattr(saving, "is_on_battery", lambda: state.battery)
    monkeypatch.setattr(
        psutil, "virtual_memory", lambda: SimpleNamespace(available=state.available, total=16 * GIGABYTE)
    )
    return state


def score(engine, cancelled):
    del cancelled
    yield 0.0
    return engine.model.max_tokens


@pytest.mark.asyncio
async def test_actions_model_is_loaded_when_first_used_and_alone_runs_actions():
    session = Session()
    await session.configure(Settings(model=EMBEDDED, actions_model=EMBEDDED))
    own = session.for_actions
    assert own is not session and own.is_ready and not own.is_resident
    assert own.good_for == session.good_for != frozenset()
    assert await own.run(score, Priority.ACTION) > 0
    assert own.is_resident and own.settings.unload_minutes == 5
    await session.configure(Settings(model=EMBEDDED))
    assert session.for_actions is session and not own.is_ready
    session.stop()


@pytest.mark.asyncio
async def test_actions_model_that_is_missing_is_named_and_offers_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("SOTTO_MODELS", str(tmp_path))
    session, failures = Session(), []
    session.report_failure = failures.append
    await session.configure(Settings(model=EMBEDDED, actions_model="nowhere"))
    assert ["nowhere" in each for each in failures] == [True]
    assert session.for_actions.good_for == frozenset() and session.good_for
    session.stop()


def test_saving_has_a_reason_for_a_large_model_alone(large, machine):
    assert find_reason(large, is_loaded=True) == ""
    machine.battery = True
    assert find_reason(large, is_loaded=True) == "on battery"
    assert find_reason(EMBEDDED, is_loaded=True) == ""
    assert find_reason(large / "nowhere", is_loaded=True) == ""


def test_saving_for_memory_ends_only_when_the_model_fits_again(large, machine):
    machine.available = GIGABYTE + LARGE_NBYTES
    assert find_reason(large, is_loaded=True) == ""
    assert find_reason(large, is_loaded=False) == "memory is short"
    machine.available = GIGABYTE - 1
    assert find_reason(large, is_loaded=True) == "memory is short"


@pytest.mark.asyncio
@pytest.mark.parametrize("saver", ["auto", "off"])
async def test_saving_on_battery_the_embedded_model_is_loaded(large, machine, saver):
    machine.battery = True
    session = Session()
    settings = Settings(model=str(large), saver=saver)
    session.report_failure = lambda _: None  # there are no weights in that folder
    await session.configure(settings)
    assert session.saving == ("on battery" if saver == "auto" else "")
    assert session.is_ready == (saver == "auto")
    assert session.model_name(settings) == ("embedded" if saver == "auto" else large.name)
    assert session.named_model == str(large)
    session.stop()


@pytest.mark.asyncio
async def test_saving_begins_and_ends_with_its_reason(large, machine):
    session, reloaded = Session(), asyncio.Event()
    session.report_failure = lambda _: None
    await session.configure(Settings(model=str(large), saver="auto"))

    async def reload():
        await session.reload_model()
        reloaded.set()

    for battery, reason in ((True, "on battery"), (False, "")):
        machine.battery = battery
        reloaded.clear()
        watch = SavingWatch(session, reload)
        watch.look()
        watch.look()  # too soon after the first to look again
        await asyncio.wait_for(reloaded.wait(), 30)
        assert session.saving == reason
    session.stop()
