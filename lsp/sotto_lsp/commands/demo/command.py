"""`sotto demo`: a client types an example to a real server over stdio and shows what comes back."""

import asyncio
import shutil
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sotto_engine.errors import SottoError
from sotto_lsp.commands.demo.client import DemoClient
from sotto_lsp.commands.demo.screen import Screen
from sotto_lsp.commands.demo.typist import Moment, choose_hole, type_hole
from sotto_lsp.documents.paths import read_source

EXAMPLE = Path(__file__).parent / "example.py"
_EXAMPLE_HOLE = "    def remove("


def demo_command(file: Path | None, model_dir: Path | None, *, plain: bool) -> int:
    """Type a part of the file key by key; ends with a table. Raises SottoError for bad input."""
    path = file or EXAMPLE
    text = read_source(path)
    if not text.strip():
        raise SottoError(f"{path} is empty; give a file with something to type.")
    hole = choose_hole(text, _EXAMPLE_HOLE if file is None else None)
    is_terminal = sys.stdout.isatty() and not plain
    screen = Screen(sys.stdout, shutil.get_terminal_size() if is_terminal else None)
    try:
        return asyncio.run(_run(path, text, hole, model_dir, screen))
    except TimeoutError as error:
        raise SottoError("The server did not answer in time; run `sotto doctor`.") from error


async def _run(path: Path, text: str, hole: slice, model_dir: Path | None, screen: Screen) -> int:
    client = DemoClient()
    moments: list[Moment] = []
    await client.start(path, text[: hole.start] + text[hole.stop :], model_dir)
    try:
        if client.messages:
            raise SottoError(client.messages[0])
        async for moment in type_hole(client, text, hole):
            moments.append(moment)
            screen.show(moment)
        metrics = await client.metrics()
    finally:
        await client.stop()
    sys.stdout.write(f"\n{path.name}, typed over LSP into `sotto serve`:\n{_summarize(moments, metrics)}\n")
    return 0


def _summarize(moments: Sequence[Moment], metrics: Mapping[str, float]) -> str:
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
