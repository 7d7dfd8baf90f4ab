"""Members into one tar: sorted, with fixed times, owners and modes, so that the same files make the same bytes."""

import hashlib
import io
import shutil
import tarfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sotto_engine.errors import SottoError
from sotto_models.importing.checksums import NAME as CHECKSUMS_NAME

CHUNK_NBYTES = 1 << 20
_TIME = 1580601600
"""2 February 2020, as wheels that hatchling builds have it."""


@dataclass(frozen=True)
class Member:
    """`name`: its path below the bundle's folder, with slashes. `source`: a file, or the bytes themselves."""

    name: str
    source: Path | bytes
    mode: int = 0o644

    @property
    def nbytes(self) -> int:
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    def open(self) -> IO[bytes]:
        return io.BytesIO(self.source) if isinstance(self.source, bytes) else self.source.open("rb")


class CountingReader:
    """A file that is read once: hashes what passes and reports how much it was."""

    def __init__(self, file: IO[bytes], on_read: Callable[[int], None]) -> None:
        self._file = file
        self._on_read = on_read
        self._digest = hashlib.sha256()

    def read(self, size: int = CHUNK_NBYTES) -> bytes:
        data = self._file.read(size)
        self._digest.update(data)
        self._on_read(len(data))
        return data

    def sha256(self) -> str:
        """Hex digest of the whole file; reads what is left."""
        while self.read():
            pass
        return self._digest.hexdigest()


class TarWriting:
    """One run. `on_step` gets what is being done and the share of it that is."""

    def __init__(self, on_step: Callable[[str, float | None], None]) -> None:
        self._on_step = on_step

    def write(self, out: Path, folder: str, members: Iterable[Member]) -> str:
        """SHA-256 of the tar at `out`, whose members and SHA256SUMS lie in `folder`. Raises SottoError and OSError.

        Every file is read twice; one that changes meanwhile is refused.
        """
        ordered = sorted(members, key=lambda each: each.name)
        nbytes = sum(member.nbytes for member in ordered)
        _refuse_without_space(out, nbytes)
        digests = self._digests(ordered, nbytes)
        listing = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
        ordered = sorted([*ordered, Member(CHECKSUMS_NAME, listing.encode())], key=lambda each: each.name)
        partial = out.with_name(f".{out.name}.partial")
        try:
            with tarfile.open(partial, "w", format=tarfile.PAX_FORMAT) as tar:
                self._add(tar, folder, ordered, digests)
            done = Progress(partial.stat().st_size, "checksum of the bundle", self._on_step)
            with partial.open("rb") as file:
                digest = CountingReader(file, done.count).sha256()
            partial.replace(out)
        finally:
            partial.unlink(missing_ok=True)
        return digest

    def _digests(self, members: Sequence[Member], nbytes: int) -> dict[str, str]:
        progress = Progress(nbytes, "checksums", self._on_step)
        digests: dict[str, str] = {}
        for member in members:
            with member.open() as file:
                digests[member.name] = CountingReader(file, progress.count).sha256()
        return digests

    def _add(self, tar: tarfile.TarFile, folder: str, members: Sequence[Member], digests: dict[str, str]) -> None:
        progress = Progress(sum(member.nbytes for member in members), "writing", self._on_step)
        for member in members:
            info = tarfile.TarInfo(f"{folder}/{member.name}")
            info.size, info.mode, info.mtime = member.nbytes, member.mode, _TIME
            with member.open() as file:
                reader = CountingReader(file, progress.count)
                tar.addfile(info, reader)
                if digests.get(member.name) not in (None, reader.sha256()):
                    raise SottoError(f"{member.source!s} was changed while it was read; try again.")


class Progress:
    """Bytes of a known whole."""

    def __init__(self, nbytes: int, step: str, on_step: Callable[[str, float | None], None]) -> None:
        self._nbytes = max(1, nbytes)
        self._step = step
        self._on_step = on_step
        self._num_done = 0

    def count(self, nbytes: int) -> None:
        self._num_done += nbytes
        self._on_step(self._step, self._num_done / self._nbytes)


def _refuse_without_space(out: Path, nbytes: int) -> None:
    free = shutil.disk_usage(out.parent).free
    if nbytes > free:
        raise SottoError(
            f"The bundle needs {nbytes / 1e6:.0f} MB and {out.parent} has {free / 1e6:.0f} MB left; "
            "make room, or name a file elsewhere."
        )
