"""The manifest next to a model's files: what they are, what they must hash to, how the model is prompted."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from sotto_engine.errors import SottoError
from sotto_engine.model_files.inner_path import leaves_folder
from sotto_engine.model_files.start_memory import StartMemory, file_stamp

LARGE_NBYTES = 64 << 20
"""Smaller models are loaded and compute a prompt in less than a second: they leave no files in the user's cache
folder, and ending the spinning of threads takes longer than a whole pass of theirs."""
MANIFEST_NAME = "manifest.json"
_FORMAT = 1
_CHUNK_NBYTES = 1 << 20
_MAX_INDENTATION = 8
_MODES = ("quiet", "eager")


@dataclass(frozen=True)
class ModelFile:
    """A file of the model: what it must be, byte for byte."""

    name: str
    sha256: str
    """Empty for a file without a checksum."""
    nbytes: int

    @classmethod
    def of(cls, directory: Path, name: str) -> "ModelFile":
        """The file as it is now, read whole for its checksum."""
        path = directory / name
        return cls(name, compute_sha256(path), path.stat().st_size)


@dataclass(frozen=True)
class Manifest:
    """A model folder, described. Paths are names inside `directory`."""

    directory: Path
    name: str
    description: str
    licence: str
    graph: str
    tokenizer: str
    files: tuple[ModelFile, ...]
    context_length: int
    fim_family: str
    fim_order: str
    fim_header: bool
    stop_ids: tuple[int, ...]
    good_for: tuple[str, ...]
    min_probability: float = 0.0
    """A line that the model itself gives less is wrong too often to be shown unasked."""
    modes: Mapping[str, float] = field(default_factory=dict[str, float])
    """As `min_probability`, by how sure a user wants it: `quiet`, `eager`."""
    head_dim: int | None = None
    """Of graphs that leave the cache's last dimension open."""
    indentation: str = ""
    """One step of it in what the model was trained on; empty for a model that was trained on all."""
    model_type: str = ""
    """The architecture, as its makers call it: qwen2, llama, ..."""
    is_instruct: bool = False
    languages: tuple[str, ...] = ()
    """That the model was trained on, as editors call them; empty: unknown."""

    @property
    def graph_path(self) -> Path:
        return self.directory / self.graph

    @property
    def tokenizer_path(self) -> Path:
        return self.directory / self.tokenizer

    @property
    def nbytes(self) -> int:
        """Of all files; for weights that are mapped and packed about what they take in memory."""
        return sum(file.nbytes for file in self.files)

    def min_probability_in(self, mode: str) -> float:
        """Of `quiet`, `normal` or `eager`; where the model was not calibrated, a guess."""
        guesses = {"quiet": max(0.5, (1 + self.min_probability) / 2), "eager": self.min_probability / 2}
        return self.modes.get(mode, guesses.get(mode, self.min_probability))

    @property
    def is_large(self) -> bool:
        """Whether it is worth remembering at the next start what this one has found out and computed."""
        return self.nbytes >= LARGE_NBYTES

    def contents(self) -> list[list[object]]:
        """Which files these are: by their checksums, or by size, times and inode where there is none."""
        return [[file.name, file.sha256 or file_stamp(self.directory / file.name)] for file in self.files]

    def as_json(self) -> str:
        """What `load_manifest` reads back."""
        data = {
            "format": _FORMAT,
            "name": self.name,
            "description": self.description,
            "licence": self.licence,
            "model_type": self.model_type,
            "is_instruct": self.is_instruct,
            "files": {file.name: {"sha256": file.sha256, "nbytes": file.nbytes} for file in self.files},
            "graph": self.graph,
            "tokenizer": self.tokenizer,
            "context_length": self.context_length,
            "head_dim": self.head_dim,
            "fim": {"family": self.fim_family, "order": self.fim_order, "header": self.fim_header},
            "min_probability": self.min_probability,
            "modes": dict(self.modes),
            "indentation": self.indentation,
            "stop_ids": self.stop_ids,
            "languages": self.languages,
            "good_for": self.good_for,
        }
        return json.dumps(data, indent=2) + "\n"

    def verify(self, memory: StartMemory | None = None) -> None:
        """Raise SottoError if a file is missing, truncated or not the one the manifest was written for.

        `memory` spares reading the files that matched at an earlier start.
        """
        memory = memory or StartMemory(None)
        for file in self.files:
            path = self.directory / file.name
            try:
                nbytes = path.stat().st_size
                is_same = (
                    nbytes != file.nbytes or not file.sha256 or memory.matches(path, file.sha256, compute_sha256)
                )
            except OSError as error:
                raise SottoError(
                    f"The model file {path} cannot be read ({error.strerror}); install the model again."
                ) from error
            if nbytes != file.nbytes:
                raise SottoError(
                    f"The model file {path} has {nbytes} bytes instead of {file.nbytes}: "
                    "it is truncated or of another version; install the model again."
                )
            if not is_same:
                raise SottoError(
                    f"The model file {path} does not match the checksum in {MANIFEST_NAME}: "
                    "it was changed or damaged; install the model again."
                )


def compute_sha256(path: Path) -> str:
    """Hex digest of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_NBYTES):
            digest.update(chunk)
    return digest.hexdigest()


def has_manifest(directory: Path) -> bool:
    return (directory / MANIFEST_NAME).exists()


def load_manifest(directory: Path) -> Manifest:
    """Read `manifest.json` of a model folder. Raises SottoError saying which field is missing or wrong."""
    path = directory / MANIFEST_NAME
    try:
        data: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SottoError(
            f"There is no {MANIFEST_NAME} in {directory}; give the folder of a model made for Sotto."
        ) from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SottoError(f"{path} cannot be read as JSON ({error}); install the model again.") from error
    fields = _Fields(path, data)
    if (number := fields.get("format", int)) != _FORMAT:
        raise SottoError(f"{path} has format {number}, this Sotto reads {_FORMAT}; update Sotto or the model.")
    fim = _Fields(path, fields.get("fim", dict))
    files = tuple(
        ModelFile(name, entry.get("sha256", str), entry.get("nbytes", int))
        for name, value in cast("dict[str, object]", fields.get("files", dict)).items()
        for entry in [_Fields(path, value)]
    )
    modes = _Fields(path, fields.get("modes", dict, {}))
    graph, tokenizer = fields.get("graph", str), fields.get("tokenizer", str)
    listed = {file.name for file in files}
    for name in (*listed, graph, tokenizer):
        if name not in listed or leaves_folder(name):
            raise SottoError(f"{path}: the file {name!r} is not listed under 'files' inside the folder; correct it.")
    return Manifest(
        directory=directory,
        name=fields.get("name", str),
        description=fields.get("description", str),
        licence=fields.get("licence", str),
        graph=graph,
        tokenizer=tokenizer,
        files=files,
        context_length=fields.get("context_length", int),
        fim_family=fim.get("family", str),
        fim_order=fim.get("order", str),
        fim_header=fim.get("header", bool),
        stop_ids=fields.items("stop_ids", int),
        good_for=fields.items("good_for", str),
        min_probability=fields.share("min_probability"),
        modes={name: modes.share(name) for name in _MODES if name in modes},
        head_dim=fields.get("head_dim", int, None),
        indentation=fields.indentation(),
        model_type=fields.get("model_type", str, ""),
        is_instruct=fields.get("is_instruct", bool, False),
        languages=fields.items("languages", str, []),
    )


_REQUIRED: Any = object()


class _Fields:
    """Typed reading of one JSON object, with errors that name the field. `default` stands for one that is missing."""

    def __init__(self, path: Path, data: object) -> None:
        if not isinstance(data, dict):
            raise SottoError(f"{path} must hold JSON objects at the places Sotto reads; correct it.")
        self._path = path
        self._data = cast("dict[str, Any]", data)

    def __contains__(self, name: str) -> bool:
        return name in self._data

    def get(self, name: str, kind: type, default: Any = _REQUIRED) -> Any:  # noqa: ANN401 - JSON
        value = self._data.get(name)
        if value is None and default is not _REQUIRED:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise SottoError(f"{self._path}: {name!r} must be a {kind.__name__}; correct it.")
        return value

    def items(self, name: str, kind: type, default: Any = _REQUIRED) -> tuple[Any, ...]:  # noqa: ANN401
        values = self.get(name, list, default)
        if not all(isinstance(value, kind) for value in values):
            kinds = {str: "strings", int: "whole numbers"}
            raise SottoError(f"{self._path}: {name!r} must hold {kinds[kind]}; correct it.")
        return tuple(values)

    def indentation(self) -> str:
        """A tab, one to eight spaces, or nothing."""
        value = str(self.get("indentation", str, ""))
        if value != "\t" and (value.strip(" ") or len(value) > _MAX_INDENTATION):
            raise SottoError(f"{self._path}: 'indentation' must be a tab or 1 to 8 spaces; correct it.")
        return value

    def share(self, name: str) -> float:
        """A number from 0 to 1; 0 where it is missing."""
        value = self._data.get(name, 0)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 1:
            raise SottoError(f"{self._path}: {name!r} must be a number from 0 to 1; correct it.")
        return float(value)
