"""One file of a bundle."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CHUNK_NBYTES = 1 << 20


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
    """A file that is read once: hashes what passes and says how much it was."""

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
