"""SHA256SUMS as sha256sum writes them: checked where a model or a bundle brings them.

Runs where nothing is installed yet, too: standard library only.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from sotto_engine.errors import SottoError
from sotto_engine.model_files.inner_path import leaves_folder

NAME = "SHA256SUMS"


def verify_checksums(folder: Path, on_step: Callable[[str, float | None], None] | None = None) -> set[str]:
    """The names of the files that were checked; none without a SHA256SUMS. `on_step`: gets the share that is done.

    Raises SottoError for one that differs or is missing.
    """
    listing = folder / NAME
    if not listing.exists():
        return set()
    digests = parse_checksums(listing.read_text(encoding="utf-8"))
    for number, (name, digest) in enumerate(digests.items()):
        if on_step:
            on_step("checksums", number / len(digests))
        path = folder / name
        if leaves_folder(name) or not path.is_file():
            raise SottoError(f"{listing} names {name!r}, which is not in its folder; copy it again.")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != digest:
            raise SottoError(
                f"{path} does not match its checksum in {NAME}: it was changed or damaged; copy it again."
            )
    return set(digests)


def parse_checksums(text: str) -> dict[str, str]:
    """Lower-case hex digests by the names of their files."""
    digests: dict[str, str] = {}
    for line in text.splitlines():
        digest, _, name = line.strip().partition(" ")
        if name := name.strip().removeprefix("*"):
            digests[name] = digest.lower()
    return digests
