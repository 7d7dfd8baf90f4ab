"""The models that can be chosen: the embedded one, those added, those found on this machine, the catalogue's."""

import json
from dataclasses import asdict, dataclass

import sotto_models
from sotto_engine.errors import SottoError
from sotto_engine.model_files.manifest import Manifest, load_manifest
from sotto_models.fetching.catalogue import read_catalogue
from sotto_models.store import EMBEDDED, ModelStore


@dataclass(frozen=True)
class ModelRow:
    """kind: "embedded", "added", "found" or "catalogue". source: what `sotto.models.get` is given for one found.

    What nobody knows before a model is there is None: its size, whether it fills in the middle, what it costs.
    """

    name: str
    kind: str
    licence: str
    used: bool = False
    about: str = ""
    source: str = ""
    place: str = ""
    nbytes: int | None = None
    instruct: bool | None = None
    fills_in: bool | None = None
    memory_nbytes: int | None = None
    key_ms: float | None = None

    def report(self) -> dict[str, object]:
        """As JSON; names as LSP spells them."""
        row = {_camel(name): value for name, value in asdict(self).items()}
        return {name: value for name, value in row.items() if value is not None and value != ""}


def list_own(store: ModelStore, used: str) -> list[ModelRow]:
    """Those that can be used at once. One whose manifest cannot be read is left out: it cannot be used either."""
    rows = [_own_row(EMBEDDED, "embedded", load_manifest(sotto_models.embedded_model_dir()), used)]
    for name in store.names():
        try:
            rows.append(_own_row(name, "added", store.manifest(name), used))
        except SottoError:
            continue
    return rows


def list_catalogue(store: ModelStore) -> list[ModelRow]:
    """Those that can be fetched and are not there yet."""
    there = store.names()
    return [
        ModelRow(
            entry.name, "catalogue", entry.licence, about=entry.about, instruct=entry.about.startswith("instruct")
        )
        for entry in read_catalogue().values()
        if entry.name not in there
    ]


def parse_found(printed: str) -> list[ModelRow]:
    """Of what `sotto models find --json` prints; those that Sotto can use."""
    return [
        ModelRow(
            name=row["name"],
            kind="found",
            licence=row["licence"] or "unknown",
            source=row["source"],
            place=row["place"],
            about=row["architecture"],
            nbytes=row["nbytes"],
            instruct=row["is_instruct"],
            fills_in=row["fills_in"],
            memory_nbytes=row["memory_nbytes"],
            key_ms=row["key_ms"],
        )
        for row in json.loads(printed)
        if not row["problem"]
    ]


def _own_row(name: str, kind: str, manifest: Manifest, used: str) -> ModelRow:
    return ModelRow(
        name,
        kind,
        manifest.licence,
        used=name == used,
        about=manifest.model_type,
        nbytes=manifest.nbytes,
        instruct=manifest.is_instruct,
        fills_in="inline-completion" in manifest.good_for,
    )


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.capitalize() for each in others)
