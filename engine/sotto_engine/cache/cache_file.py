"""CacheFile: one cache in a file of its own: a JSON head, token ids, rows and states, a SHA-256 over all of it.

Nothing in a file is trusted: it must be wholly what this model, machine and project would have written.
"""

import hashlib
import json
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from sotto_engine.cache.kv_cache import KVCache
from sotto_engine.model_files import user_cache
from sotto_engine.model_files.user_cache import UnusableEntry

_MAGIC = b"sotto cache 1\n"
_LENGTH = struct.Struct("<I")
_TOKEN_ID = np.dtype("<i4")
_MAX_HEAD_NBYTES = 1 << 20
_PIECE_NBYTES = 1 << 20
"""Written at a time: the longest that a keystroke waits for a file that is being written."""


@dataclass(frozen=True)
class CacheFile:
    """`identity` says whose rows these are: all that they depend on besides the tokens, and their project."""

    path: Path
    identity: str

    def write(self, cache: KVCache, must_stop: Callable[[], bool]) -> bool:
        """Put a file in this place, whole, for this user alone; False, and no file, if it had to stop before.

        Raises OSError.
        """
        digest = hashlib.sha256()
        with user_cache.new_entry(self.path) as new:
            with new.open("wb") as file:
                for piece in self._cut_into_pieces(cache):
                    if must_stop():
                        return False
                    digest.update(piece)
                    file.write(piece)
                file.write(digest.digest())
            new.replace(self.path)
        return True

    def token_ids(self, empty: KVCache) -> list[int]:
        """The tokens that the head of a file for caches like `empty` lists. Raises UnusableEntry, OSError."""
        with user_cache.open_private(self.path) as file:
            return self._read_head(file, empty, hashlib.sha256())[0]

    def read(self, empty: KVCache) -> KVCache:
        """The cache, read into `empty`, which must not be used if this fails. Raises UnusableEntry, OSError."""
        with user_cache.open_private(self.path) as file:
            digest = hashlib.sha256()
            token_ids, lengths = self._read_head(file, empty, digest)
            try:
                empty.lay_out(token_ids, lengths)
            except ValueError as error:
                raise UnusableEntry(str(error)) from error
            rest = os.fstat(file.fileno()).st_size - file.tell() - digest.digest_size
            if empty.checkpoint_lengths != lengths or sum(array.nbytes for array in empty.arrays()) != rest:
                raise UnusableEntry("its size is not that of what its head lists")
            for array in empty.arrays():
                place = _as_bytes(array)
                if file.readinto(place) != place.nbytes:
                    raise UnusableEntry("it is cut off")
                digest.update(place)
            if file.read() != digest.digest():
                raise UnusableEntry("it does not match its checksum")
        return empty

    def _cut_into_pieces(self, cache: KVCache) -> Iterator[bytes | memoryview]:
        head = json.dumps(self._make_head(cache, len(cache), cache.checkpoint_lengths)).encode()
        yield _MAGIC + _LENGTH.pack(len(head)) + head
        yield np.array(cache.token_ids, _TOKEN_ID).tobytes()
        for array in cache.arrays():
            whole = _as_bytes(array)
            for start in range(0, whole.nbytes, _PIECE_NBYTES):
                yield whole[start : start + _PIECE_NBYTES]

    def _make_head(self, cache: KVCache, num_tokens: int, checkpoint_lengths: list[int]) -> dict[str, object]:
        return {
            "identity": self.identity,
            "layout": cache.layout,
            "grid": cache.grid,
            "num_tokens": num_tokens,
            "checkpoints": checkpoint_lengths,
        }

    def _read_head(self, file: BufferedReader, empty: KVCache, digest: Any) -> tuple[list[int], list[int]]:  # noqa: ANN401
        """`(token ids, lengths of the checkpoints)`; what was read goes into the digest."""
        start = file.read(len(_MAGIC) + _LENGTH.size)
        if len(start) != len(_MAGIC) + _LENGTH.size or not start.startswith(_MAGIC):
            raise UnusableEntry("it is of another format")
        (num_bytes,) = _LENGTH.unpack(start[len(_MAGIC) :])
        head = file.read(min(num_bytes, _MAX_HEAD_NBYTES))
        num_tokens, lengths = _parse_lengths(head)
        if json.loads(head) != self._make_head(empty, num_tokens, lengths):
            raise UnusableEntry("it is of another model, machine or project")
        num_bytes = num_tokens * _TOKEN_ID.itemsize
        ids = file.read(min(num_bytes, os.fstat(file.fileno()).st_size))
        if len(ids) != num_bytes:
            raise UnusableEntry("it is cut off")
        for piece in (start, head, ids):
            digest.update(piece)
        return np.frombuffer(ids, _TOKEN_ID).tolist(), lengths


def _parse_lengths(head: bytes) -> tuple[int, list[int]]:
    """`(number of tokens, lengths of the checkpoints)`; the rest of the head is for comparing."""
    try:
        fields: Any = json.loads(head)
        num_tokens, lengths = fields["num_tokens"], fields["checkpoints"]
        ascending = [0, *lengths, num_tokens + 1]
        is_whole = all(isinstance(each, int) for each in ascending) and ascending == sorted(set(ascending))
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise UnusableEntry("its head cannot be read") from error
    if not is_whole:
        raise UnusableEntry("its head does not list what it holds")
    return num_tokens, lengths


def _as_bytes(array: np.ndarray) -> memoryview:
    """The memory of a contiguous array, to be read or written."""
    assert array.flags.c_contiguous, "a copy would be read into instead"
    return array.reshape(-1).view(np.uint8).data
