"""`sotto doctor`: is everything there, does it hold together, and how fast is it on this machine?"""

import dataclasses
import json
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import sotto_models
from sotto_engine.cancel import CancelFlag
from sotto_engine.engine import Engine, load_engine
from sotto_engine.errors import SottoError
from sotto_engine.manifest import Manifest
from sotto_engine.probe import Speed, measure_speed, rows_are_exact
from sotto_lsp.settings import Settings
from sotto_lsp.suggestion import make_request, make_suggestion

_EXAMPLE = "def mean(values):\n    total = sum(values)\n    return total / len("
_EXAMPLE_SUFFIX = ")\n\n\nprint(mean([1, 2, 3]))\n"
_USABLE_DECODE_RATE = 20.0
"""Tokens a second below which a line of ten tokens takes longer than a person waits (half a second)."""


@dataclass(frozen=True)
class Report:
    """What the doctor found. `problem` is empty if the model loaded."""

    sotto: str
    python: str
    platform: str
    onnxruntime: str
    cpu_features: tuple[str, ...]
    model_dir: str
    problem: str = ""
    model: str = ""
    licence: str = ""
    checksum: str = ""
    context_length: int = 0
    num_threads: int = 0
    load_ms: float = 0.0
    prefill_tokens_per_s: float = 0.0
    decode_tokens_per_s: float = 0.0
    warm_equals_cold: bool = False
    first_suggestion: str = ""
    first_suggestion_ms: float = 0.0


def doctor_command(model_dir: Path | None, *, as_json: bool) -> int:
    """Print the report; 0 if suggestions work, 1 if not."""
    report = examine(model_dir or sotto_models.embedded_model_dir())
    text = json.dumps(dataclasses.asdict(report), indent=2) if as_json else in_words(report)
    print(text)  # noqa: T201 - the command's output
    return 1 if report.problem else 0


def examine(model_dir: Path) -> Report:
    """Load the model and measure it."""
    machine = Report(
        sotto=version("sotto-ls"),
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        onnxruntime=version("onnxruntime"),
        cpu_features=_cpu_features(),
        model_dir=str(model_dir),
    )
    start = time.perf_counter()
    try:
        engine, manifest = load_engine(model_dir)
    except SottoError as error:
        return dataclasses.replace(machine, problem=str(error))
    load_ms = (time.perf_counter() - start) * 1000
    return _measured(machine, engine, manifest, load_ms)


def _measured(machine: Report, engine: Engine, manifest: Manifest, load_ms: float) -> Report:
    speed: Speed = measure_speed(engine.model)
    settings = dataclasses.replace(Settings(), multiline=False, budgetMs=60_000)
    request = make_request(_EXAMPLE + _EXAMPLE_SUFFIX, len(_EXAMPLE), "mean.py", settings)
    start = time.perf_counter()
    completion = engine.complete(request, CancelFlag())
    suggestion_ms = (time.perf_counter() - start) * 1000
    return dataclasses.replace(
        machine,
        model=manifest.name,
        licence=manifest.licence,
        checksum="matches",
        context_length=manifest.context_length,
        num_threads=engine.model.num_threads,
        load_ms=round(load_ms, 1),
        prefill_tokens_per_s=round(speed.prefill_tokens_per_s),
        decode_tokens_per_s=round(speed.decode_tokens_per_s),
        warm_equals_cold=rows_are_exact(engine.model),
        first_suggestion=make_suggestion(completion, request).text,
        first_suggestion_ms=round(suggestion_ms, 1),
    )


def in_words(report: Report) -> str:
    """The report for a person."""
    lines = [
        f"Sotto {report.sotto} on Python {report.python}, {report.platform}, onnxruntime {report.onnxruntime}",
        f"CPU: {', '.join(report.cpu_features) or 'features unknown'}",
    ]
    if report.problem:
        return "\n".join([*lines, f"Model: {report.model_dir}", f"Problem: {report.problem}"])
    fast_enough = report.decode_tokens_per_s >= _USABLE_DECODE_RATE
    exact = "yes" if report.warm_equals_cold else "no, up to rounding (docs/architecture.md)"
    lines += [
        f"Model: {report.model} ({report.licence}), checksum {report.checksum}, "
        f"{report.context_length} tokens of context, loaded in {report.load_ms:.0f} ms",
        f"Speed with {report.num_threads} threads: prefill {report.prefill_tokens_per_s:.0f} tokens/s, "
        f"decode {report.decode_tokens_per_s:.0f} tokens/s",
        f"A warm cache equals a cold one bit for bit on this CPU: {exact}",
        f"First suggestion: {report.first_suggestion!r} after {report.first_suggestion_ms:.0f} ms",
        "Inline completions: yes."
        if fast_enough
        else "Inline completions: slow here; choose a smaller model or set sotto.multiline to false.",
    ]
    return "\n".join(lines)


def _cpu_features() -> tuple[str, ...]:
    """The instruction sets that matrix products use, where Linux tells them."""
    interesting = (
        "avx2",
        "avx512f",
        "avx512_vnni",
        "avx_vnni",
        "avx512_bf16",
        "amx_int8",
        "asimd",
        "i8mm",
        "sve",
    )
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return ()
    flags = next((line for line in text.splitlines() if line.lower().startswith(("flags", "features"))), "")
    return tuple(name for name in interesting if name in flags.split())
