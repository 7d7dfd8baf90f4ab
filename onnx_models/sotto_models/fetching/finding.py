"""Models that other programs have put on this machine, with what each would cost here. Opens no connection."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from sotto_engine.errors import SottoError
from sotto_models.fetching.ollama import SCHEME, list_ollama

_MAX_DEPTH = 4
_MAX_FILES = 200
_SECOND_PART = "-of-"
_TOKENS_PER_KEY = 6
"""Of the model's passes: those of an answer, less what is guessed and checked together."""
_CACHE_NBYTES = 100_000_000
_PROBE_NBYTES = 64 << 20


@dataclass(frozen=True)
class Found:
    """source: what `sotto models add` is given. problem: why Sotto cannot use it; empty where it can.

    memory_nbytes and key_ms: about what it would take here.
    """

    source: str
    name: str
    place: str
    nbytes: int
    licence: str = ""
    is_instruct: bool = False
    fills_in: bool = False
    architecture: str = ""
    problem: str = ""

    @property
    def memory_nbytes(self) -> int:
        return self.nbytes + _CACHE_NBYTES

    @property
    def key_ms(self) -> float:
        """A pass reads all weights once."""
        return 1000 * _TOKENS_PER_KEY * self.nbytes / measure_bandwidth()


def find_models() -> Iterator[Found]:
    """Of Ollama, LM Studio, llama.cpp, the hub's cache, and GGUF files in the usual folders."""
    seen: set[Path] = set()
    for model in list_ollama():
        seen.add(model.path.resolve())
        yield _look(model.path, f"{SCHEME}{model.name}", model.name, "Ollama", model.licence)
    for place, folder in find_folders():
        for path in _list_models(folder):
            if (real := path.resolve()) not in seen:
                seen.add(real)
                name = path.stem if path.is_file() else _name_snapshot(path)
                yield _look(path, str(path), name, place)


def find_folders() -> Iterator[tuple[str, Path]]:
    """`(whose, where)`: those that are there."""
    home = Path.home()
    cached = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    hub = os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME") or cached / "huggingface") / "hub"
    places = [
        ("LM Studio", home / ".lmstudio" / "models"),
        ("LM Studio", cached / "lm-studio" / "models"),
        ("llama.cpp", Path(os.environ.get("LLAMA_CACHE") or cached / "llama.cpp")),
        ("hub", Path(hub)),
        ("file", home / "models"),
        ("file", home / "Models"),
        ("file", home / "Downloads"),
        ("file", Path.cwd()),
    ]
    seen: set[Path] = set()
    for whose, folder in places:
        if folder.is_dir() and folder.resolve() not in seen:
            seen.add(folder.resolve())
            yield whose, folder


@cache
def measure_bandwidth() -> float:
    """Bytes a second that this machine reads, about: what a model's weights are read with."""
    data, target = bytes(_PROBE_NBYTES), bytearray(_PROBE_NBYTES)
    best = min(_time_copy(data, target) for _ in range(3))
    return 2 * _PROBE_NBYTES / best  # read and written


def _time_copy(data: bytes, target: bytearray) -> float:
    start = time.perf_counter()
    target[:] = data
    return time.perf_counter() - start


def _list_models(folder: Path) -> Iterator[Path]:
    """GGUF files, of those in parts the first; and folders of safetensors."""
    found = islice(_walk(folder, _MAX_DEPTH), _MAX_FILES)
    for path in found:
        if path.suffix == ".gguf" and (_SECOND_PART not in path.name or "-00001-of-" in path.name):
            yield path
        elif path.name == "config.json" and any(path.parent.glob("*.safetensors")):
            yield path.parent


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and depth > 0 and entry.name not in ("blobs", ".git", "node_modules"):
            yield from _walk(Path(entry.path), depth - 1)
        elif entry.name.endswith((".gguf", "config.json")) and entry.is_file():
            yield Path(entry.path)


def _name_snapshot(folder: Path) -> str:
    """The hub's cache has a model's name in the folder `models--OWNER--NAME`."""
    named = next((part for part in folder.parts if part.startswith("models--")), "")
    return named.removeprefix("models--").replace("--", "/") or folder.name


def _look(path: Path, source: str, name: str, place: str, licence: str = "") -> Found:
    from sotto_models.weights.opening import open_weights  # noqa: PLC0415 - an extra

    nbytes = (
        path.stat().st_size if path.is_file() else sum(each.stat().st_size for each in path.glob("*.safetensors"))
    )
    try:
        weights = open_weights(path)
        facts = weights.facts
    except SottoError as error:
        return Found(source, name, place, nbytes, licence, problem=str(error))
    return Found(
        source,
        name,
        place,
        weights.nbytes,
        licence or facts.licence,
        facts.is_instruct,
        "fim" in facts.tokenizer_json or "▁<PRE>" in facts.tokenizer_json,
        facts.model_type,
    )
