"""A bundle's models into the user's model folder; run by the installation, with the Sotto that it installed."""

import sys
from pathlib import Path

from sotto_engine.errors import SottoError
from sotto_engine.model_files.manifest import MANIFEST_NAME
from sotto_models.importing.adding import ModelAdding
from sotto_models.importing.progress_line import ProgressLine
from sotto_models.store import ModelStore


def add_models(carried: Path, store: ModelStore) -> None:
    """Add each folder in `carried`. Raises SottoError for a name that another model has."""
    for folder in sorted(carried.iterdir()):
        if folder.name in store.names():
            there = (store.path(folder.name) / MANIFEST_NAME).read_bytes()
            if there != (folder / MANIFEST_NAME).read_bytes():
                raise SottoError(
                    f"There is another model {folder.name!r} already; `sotto models remove {folder.name}`, "
                    "then install again."
                )
            continue
        with ProgressLine() as progress:
            ModelAdding(store, progress.show).add(folder, folder.name)


if __name__ == "__main__":
    try:
        add_models(Path(sys.argv[1]), ModelStore())
    except SottoError as error:
        sys.exit(f"sotto: {error}")
