"""500 keystrokes on real files over stdio: what must hold whatever the machine's speed."""

from benchmarks.replay import NUM_KEYSTROKES, replay
from e2e.raw_client import EVERYTHING


def test_every_request_is_answered_once_and_the_cache_serves_nine_tenths():
    result = replay(settings=EVERYTHING | {"fimOrder": "suffix-first"})
    assert result.num_requests == result.num_answers == len(result.latencies_ms) == NUM_KEYSTROKES
    assert result.num_shown > NUM_KEYSTROKES / 4, "it has something to say"
    metrics = result.metrics
    assert metrics["num_cached_tokens"] / metrics["num_prompt_tokens"] >= 0.90
