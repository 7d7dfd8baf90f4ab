"""Ollama's store: names and tags that point to files by their digests."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sotto_engine.errors import SottoError

SCHEME = "ollama:"
_MODEL = "application/vnd.ollama.image.model"
_LICENCE = "application/vnd.ollama.image.license"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_MAX_MANIFEST_NBYTES = 1_000_000
_LIBRARY = ("registry.ollama.ai", "library")


@dataclass(frozen=True)
class OllamaModel:
    """name: as `ollama list` prints it. path: of the GGUF file. licence: its first line, or empty."""

    name: str
    path: Path
    licence: str


def find_stores() -> list[Path]:
    """Folders in which Ollama keeps models, those that are there."""
    named = os.environ.get("OLLAMA_MODELS")
    places = [Path(named)] if named else []
    places += [Path.home() / ".ollama" / "models", Path("/usr/share/ollama/.ollama/models")]
    return [place for place in dict.fromkeys(places) if (place / "manifests").is_dir()]


def list_ollama() -> Iterator[OllamaModel]:
    """All that are whole."""
    for store in find_stores():
        for manifest in sorted((store / "manifests").glob("*/*/*/*")):
            if manifest.is_file() and (model := _read(store, manifest)) is not None:
                yield model


def find_ollama(source: str) -> OllamaModel:
    """The model of `ollama:NAME[:TAG]`. Raises SottoError, naming those that are there."""
    name = source.removeprefix(SCHEME)
    name = name if ":" in name else f"{name}:latest"
    known = {model.name: model for model in list_ollama()}
    if name in known:
        return known[name]
    there = ", ".join(known) or "none"
    raise SottoError(f"Ollama has no model {name!r} here ({there}); fetch it with `ollama pull` first.")


def _read(store: Path, manifest: Path) -> OllamaModel | None:
    """None for one that is not whole, or not a model."""
    try:
        if manifest.stat().st_size > _MAX_MANIFEST_NBYTES:
            return None
        data: Any = json.loads(manifest.read_text(encoding="utf-8"))
        layers = {str(each["mediaType"]): str(each["digest"]) for each in cast("list[Any]", data["layers"])}
        model = _blob(store, layers[_MODEL])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if model is None:
        return None
    registry, owner, name, tag = manifest.relative_to(store / "manifests").parts
    owned = name if (registry, owner) == _LIBRARY else f"{owner}/{name}"
    return OllamaModel(f"{owned}:{tag}", model, _first_line(_blob(store, layers.get(_LICENCE, ""))))


def _blob(store: Path, digest: str) -> Path | None:
    match = _DIGEST.fullmatch(digest)
    path = store / "blobs" / f"sha256-{match[1]}" if match else None
    return path if path is not None and path.is_file() else None


def _first_line(path: Path | None) -> str:
    if path is None:
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        text = file.read(400).strip()
    return " ".join(text.split("\n", 1)[0].split())
