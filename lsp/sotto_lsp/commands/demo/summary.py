"""The table at the end of the demo."""

import statistics
from collections.abc import Mapping, Sequence

from sotto_lsp.commands.demo.typist import Moment


def summary(moments: Sequence[Moment], metrics: Mapping[str, float]) -> str:
    """Keystroke latencies, cache share and CPU seconds, one line each."""
    latencies = sorted(moment.latency_ms for moment in moments)
    p95 = statistics.quantiles(latencies, n=20)[-1] if len(latencies) > 1 else latencies[0]
    accepted = [moment.accepted for moment in moments if moment.accepted]
    num_accepted_chars = sum(map(len, accepted))
    cached = metrics["num_cached_tokens"] / max(1, metrics["num_prompt_tokens"])
    rows = [
        ("keys typed", f"{len(moments)}, and {num_accepted_chars} characters by {len(accepted)} suggestions"),
        ("suggestions shown", f"{sum(bool(moment.ghost) for moment in moments)}"),
        (
            "key to answer",
            f"p50 {statistics.median(latencies):.1f} ms, p95 {p95:.1f} ms, slowest {latencies[-1]:.1f} ms",
        ),
        (
            "answered by",
            f"{metrics['num_completions']:.0f} runs of the model, "
            f"{metrics['num_from_last_suggestion']:.0f} by typing along",
        ),
        ("from the KV cache", f"{cached:.1%} of {metrics['num_prompt_tokens']:.0f} prompt tokens"),
        (
            "CPU, start included",
            f"{metrics['cpu_seconds']:.2f} s; peak memory {metrics['peak_memory_nbytes'] / 1e6:.0f} MB",
        ),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:<{width}}  {value}" for name, value in rows)
