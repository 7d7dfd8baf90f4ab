"""SHA256SUMS as sha256sum writes them: checked where a model brings them."""

from pathlib import Path

from sotto_engine.errors import SottoError
from sotto_engine.manifest import sha256_of

NAME = "SHA256SUMS"


def verify_checksums(folder: Path) -> int:
    """How many files were checked; 0 without a SHA256SUMS. Raises SottoError for one that differs or is missing."""
    listing = folder / NAME
    if not listing.exists():
        return 0
    num_checked = 0
    for line in listing.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.strip().partition(" ")
        name = name.strip().removeprefix("*")
        if not name:
            continue
        path = folder / name
        if Path(name).is_absolute() or ".." in Path(name).parts or not path.is_file():
            raise SottoError(f"{listing} names {name!r}, which is not in its folder; copy the model again.")
        if sha256_of(path) != digest.lower():
            raise SottoError(
                f"{path} does not match its checksum in {NAME}: it was changed or damaged; copy it again."
            )
        num_checked += 1
    return num_checked
