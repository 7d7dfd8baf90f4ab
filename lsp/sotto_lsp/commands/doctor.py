"""`sotto doctor`: is everything there, does it hold together, and how fast is it on this machine?"""

import dataclasses
import json
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from sotto_engine.cache.cache_store import kept_root, measure_kept
from sotto_engine.engine import Engine
from sotto_engine.errors import SottoError
from sotto_engine.loading import load_engine
from sotto_engine.model.language_model import ModelTraits
from sotto_engine.model.probe import Speed, measure_speed, rows_are_exact
from sotto_engine.model_files.manifest import Manifest
from sotto_engine.model_files.packed_graph import PackedGraph, measure_packed, packed_root
from sotto_lsp.commands.advice import advise, find_languages, judge_speed, judge_uses
from sotto_lsp.commands.complete import suggest
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.settings import Settings
from sotto_models.store import resolve_model

_EXAMPLE = "def mean(values):\n    total = sum(values)\n    return total / len("
_EXAMPLE_SUFFIX = ")\n\n\nprint(mean([1, 2, 3]))\n"


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
    architecture: str = ""
    kind: str = ""
    """base or instruct"""
    fim: str = ""
    """family and order"""
    licence: str = ""
    checksum: str = ""
    context_length: int = 0
    num_threads: int = 0
    load_ms: float = 0.0
    weights_megabytes: float = 0.0
    cache_megabytes_2k: float = 0.0
    cache_megabytes_8k: float = 0.0
    prefill_tokens_per_s: float = 0.0
    decode_tokens_per_s: float = 0.0
    speed_class: str = ""
    """in words; it stays the same from start to start"""
    warm_equals_cold: bool = False
    """bit for bit, however a prompt is cut"""
    first_suggestion: str = ""
    first_suggestion_ms: float = 0.0
    kept_in: str = ""
    """the folder of the prompts that are kept for the next start"""
    num_kept: int = 0
    kept_megabytes: float = 0.0
    shared_in: str = ""
    """the folder of the weights that windows share"""
    num_shared: int = 0
    shared_megabytes: float = 0.0
    is_shared: bool = False
    """whether this model's are among them"""
    good_for: tuple[str, ...] = ()
    """what the model does on this machine, in words"""
    action_languages: tuple[str, ...] = ()
    """in which code actions are offered"""
    advice: tuple[str, ...] = ()
    """what to do about each shortcoming"""


def doctor_command(model_dir: Path | None, *, as_json: bool) -> int:
    """Print the report; 0 if suggestions work, 1 if not."""
    report = examine(resolve_model(model_dir))
    text = json.dumps(dataclasses.asdict(report), indent=2) if as_json else _put_in_words(report)
    print(text)  # noqa: T201 - the command's output
    return 1 if report.problem else 0


def examine(model_dir: Path) -> Report:
    """Load the model and measure it."""
    machine = Report(
        sotto=version("sotto-ls"),
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        onnxruntime=version("onnxruntime"),
        cpu_features=_read_cpu_features(),
        model_dir=str(model_dir),
    )
    start = time.perf_counter()
    try:
        engine, manifest = load_engine(model_dir)
    except SottoError as error:
        return dataclasses.replace(machine, problem=str(error))
    load_ms = (time.perf_counter() - start) * 1000
    return _measure(machine, engine, manifest, load_ms)


def _measure(machine: Report, engine: Engine, manifest: Manifest, load_ms: float) -> Report:
    speed: Speed = measure_speed(engine.model)
    settings = Settings(max_lines=1, budget_ms=60_000)
    example = DocumentSnapshot.of(_EXAMPLE + _EXAMPLE_SUFFIX, uri="untitled:mean.py", language_id="python")
    start = time.perf_counter()
    suggestion = suggest(engine, manifest, example, len(_EXAMPLE), settings)
    suggestion_ms = (time.perf_counter() - start) * 1000
    traits = engine.model.traits
    languages, lacking = find_languages(manifest.languages)
    num_kept, kept_nbytes = measure_kept(kept_root())
    num_shared, shared_nbytes = measure_packed(packed_root())
    return dataclasses.replace(
        machine,
        model=manifest.name,
        architecture=manifest.model_type or "unknown",
        kind="instruct" if manifest.is_instruct else "base",
        fim=f"{manifest.fim_family}, {manifest.fim_order}",
        licence=manifest.licence,
        checksum="matches" if all(file.sha256 for file in manifest.files) else "none",
        context_length=manifest.context_length,
        num_threads=engine.model.num_threads,
        load_ms=round(load_ms, 1),
        weights_megabytes=round(manifest.nbytes / 1e6, 1),
        cache_megabytes_2k=_cache_megabytes(traits, 2048),
        cache_megabytes_8k=_cache_megabytes(traits, 8192),
        prefill_tokens_per_s=round(speed.prefill_tokens_per_s),
        decode_tokens_per_s=round(speed.decode_tokens_per_s),
        speed_class=judge_speed(engine.quick_tokens),
        warm_equals_cold=rows_are_exact(engine.model),
        first_suggestion=suggestion.shown,
        first_suggestion_ms=round(suggestion_ms, 1),
        kept_in=str(kept_root()),
        num_kept=num_kept,
        kept_megabytes=round(kept_nbytes / 1e6, 1),
        shared_in=str(packed_root()),
        num_shared=num_shared,
        shared_megabytes=round(shared_nbytes / 1e6, 1),
        is_shared=PackedGraph(manifest).find() is not None,
        good_for=judge_uses(speed, manifest.context_length),
        action_languages=languages,
        advice=(*advise(manifest, traits, speed, engine.prefill_grid), *lacking),
    )


def _cache_megabytes(traits: ModelTraits, num_tokens: int) -> float:
    return round((traits.cache_nbytes_per_token * num_tokens + traits.state_nbytes) / 1e6, 1)


def _put_in_words(report: Report) -> str:
    """The report for a person."""
    lines = [
        f"Sotto {report.sotto} on Python {report.python}, {report.platform}, onnxruntime {report.onnxruntime}",
        f"CPU: {', '.join(report.cpu_features) or 'features unknown'}",
    ]
    if report.problem:
        return "\n".join([*lines, f"Model: {report.model_dir}", f"Problem: {report.problem}"])
    exact = "yes" if report.warm_equals_cold else "no; prompts are cut on a grid instead"
    lines += [
        f"Model: {report.model} ({report.licence}), checksum {report.checksum}, "
        f"{report.context_length} tokens of context, loaded in {report.load_ms:.0f} ms",
        f"Architecture: {report.architecture}, {report.kind}; fills in the middle as {report.fim}",
        f"Memory: weights {report.weights_megabytes:.0f} MB; cache {report.cache_megabytes_2k:.0f} MB for 2k tokens, "
        f"{report.cache_megabytes_8k:.0f} MB for 8k",
        f"Speed with {report.num_threads} threads: prefill {report.prefill_tokens_per_s:.0f} tokens/s, "
        f"decode {report.decode_tokens_per_s:.0f} tokens/s",
        f"Speed class: {report.speed_class}",
        f"Rows of the cache are the same however a prompt is cut into passes: {exact}",
        f"First suggestion: {report.first_suggestion!r} after {report.first_suggestion_ms:.0f} ms",
        f"Kept for the next start (warmStart): {report.num_kept} prompt{'s' * (report.num_kept != 1)} "
        f"({report.kept_megabytes:.0f} MB) in {report.kept_in}; delete the folder to forget them",
        f"Weights that windows share (shareWeights): {report.num_shared} model{'s' * (report.num_shared != 1)} "
        f"({report.shared_megabytes:.0f} MB) in {report.shared_in}, {'with' if report.is_shared else 'without'} this "
        "one; the folder may be deleted at any time",
        *report.good_for,
        f"Code actions are offered in: {', '.join(report.action_languages) or 'no language'}",
        *(f"To do: {sentence}" for sentence in report.advice),
    ]
    return "\n".join(lines)


def _read_cpu_features() -> tuple[str, ...]:
    """The instruction sets that matrix products use, where Linux lists them."""
    interesting = [
        "avx2",
        "avx512f",
        "avx512_vnni",
        "avx_vnni",
        "avx512_bf16",
        "amx_int8",
        "asimd",
        "i8mm",
        "sve",
    ]
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return ()
    flags = next((line for line in text.splitlines() if line.lower().startswith(("flags", "features"))), "")
    return tuple(name for name in interesting if name in flags.split())
