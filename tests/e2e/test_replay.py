"""500 keystrokes and other edits on real files over stdio: what must hold whatever the machine's speed."""

import pytest

from benchmarks.replay import NUM_KEYSTROKES, replay
from benchmarks.traces import run
from e2e.raw_client import EVERYTHING


def test_every_request_is_answered_once_and_the_cache_serves_nine_tenths():
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
def test_what_an_edit_computes_anew(trace, order, least_share, most_computed):
    presses = run(trace, {"fimOrder": order})
    assert presses.cached_share >= least_share
    assert presses.computed_p95 <= most_computed
