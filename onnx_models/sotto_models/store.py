"""The folder that holds the user's models, each in a folder of its name with a manifest; and which one is used."""

import contextlib
import os
import re
import shutil
from pathlib import Path

import platformdirs

import sotto_models
from sotto_engine.errors import SottoError
from sotto_engine.model_files.manifest import MANIFEST_NAME, Manifest, load_manifest

EMBEDDED = "embedded"
"""The name by which `use` goes back to the model that Sotto carries."""
_CHOICE = "used-model"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PARTIAL = ".partial-"


class ModelStore:
    """Reads and changes one folder; a model is there whole or not at all."""

    def __init__(self, root: Path | None = None) -> None:
        """`root`: the user's folder unless given; SOTTO_MODELS names another."""
        named = os.environ.get("SOTTO_MODELS")
        default = Path(named) if named else platformdirs.user_data_path("sotto", appauthor=False) / "models"
        self.root = root or default

    def names(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return sorted(
            path.name for path in self.root.iterdir() if (path / MANIFEST_NAME).exists() and _is_name(path.name)
        )

    def manifest(self, name: str) -> Manifest:
        """Raises SottoError for a name that is not there."""
        return load_manifest(self.path(name))

    def path(self, name: str) -> Path:
        """The folder of a model. Raises SottoError, naming those that are there."""
        if name in self.names():
            return self.root / name
        known = ", ".join([EMBEDDED, *self.names()])
        raise SottoError(f"There is no model {name!r}; there are {known}, and `sotto models add` adds more.")

    def new_folder(self, name: str) -> Path:
        """An empty folder next to the models, for `finish` to move. Raises SottoError for a bad name."""
        if not _is_name(name) or name == EMBEDDED:
            raise SottoError(f"{name!r} is no name for a model; give letters, digits, '.', '_' and '-' with --name.")
        if name in self.names():
            raise SottoError(f"There is a model {name!r} already; remove it first, or give another --name.")
        folder = self.root / f"{_PARTIAL}{name}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def finish(self, folder: Path, name: str) -> Path:
        """Move a folder made by `new_folder` to its place, in one step."""
        return folder.rename(self.root / name)

    def remove(self, name: str) -> None:
        from sotto_engine.model_files.packed_graph import PackedGraph  # noqa: PLC0415 - nothing that a start should wait for

        folder = self.path(name)
        with contextlib.suppress(SottoError, OSError):  # one that is broken can be removed, too
            PackedGraph(load_manifest(folder)).delete()
        shutil.rmtree(folder)
        if self.used() == name:
            (self.root / _CHOICE).unlink()

    def used(self) -> str:
        """The name of the model that is used where none is named."""
        try:
            name = (self.root / _CHOICE).read_text(encoding="utf-8").strip()
        except OSError:
            return EMBEDDED
        return name if name in self.names() else EMBEDDED

    def use(self, name: str) -> None:
        if name != EMBEDDED:
            self.path(name)
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / _CHOICE).write_text(f"{name}\n", encoding="utf-8")


def resolve_model(named: Path | str | None) -> Path:
    """The folder of a model that is named by its folder or by the name it was added under; the one in use for none.

    Raises SottoError for a name that is neither.
    """
    store = ModelStore()
    name = str(named or store.used())
    if name == EMBEDDED:
        return sotto_models.embedded_model_dir()
    if Path(name).is_dir() or not _is_name(name):
        return Path(name)
    return store.path(name)


def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None
