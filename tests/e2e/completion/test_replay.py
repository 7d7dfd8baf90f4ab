"""500 keystrokes and other edits on real files over stdio: what must hold whatever the machine's speed."""

import pytest

from benchmarks.energy import EnergyMeter
from benchmarks.replay import NUM_KEYSTROKES, replay
from benchmarks.traces import run
from e2e.raw_client import EVERYTHING


def test_replay_answers_each_request_once_and_caches_90_percent():
    result = replay(settings=EVERYTHING | {"fimOrder": "suffix-first"})
    assert result.num_requests == result.num_answers == len(result.latencies_ms) == NUM_KEYSTROKES
    assert result.num_shown > NUM_KEYSTROKES / 4, "it has something to say"
    metrics = result.metrics
    assert metrics["num_cached_tokens"] / metrics["num_prompt_tokens"] >= 0.90


@pytest.mark.parametrize("order", ["suffix-first", "anchored"])
@pytest.mark.parametrize(
    ("trace", "least_share", "most_computed"),
    [("typing along", 0.97, 8), ("two files in turn", 0.9, 8), ("a change in a line below", 0.97, 8)],
)
def test_edit_computes_few_tokens(trace, order, least_share, most_computed):
    presses = run(trace, {"fimOrder": order})
    assert presses.cached_share >= least_share
    assert presses.computed_p95 <= most_computed


def test_joules_are_of_all_packages_across_a_counters_end(tmp_path):
    def count(name, microjoules):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "energy_uj").write_text(f"{microjoules}\n")
        (tmp_path / name / "max_energy_range_uj").write_text("9999999\n")

    assert EnergyMeter(tmp_path).joules() is None
    for name, before in (("intel-rapl:0", 1_000_000), ("intel-rapl:1", 9_000_000), ("intel-rapl:0:0", 0)):
        count(name, before)
    meter = EnergyMeter(tmp_path)
    count("intel-rapl:0", 3_500_000)
    count("intel-rapl:1", 1_000_000)
    count("intel-rapl:0:0", 2_000_000)
    assert meter.joules() == 4.5
