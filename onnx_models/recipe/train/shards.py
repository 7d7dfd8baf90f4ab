"""Files in parts, for the way to a machine and back in small pieces.

    PYTHONPATH=onnx_models python -m recipe.train.shards split FILE FOLDER --size 15e6 --compress --parts 0:4
    PYTHONPATH=onnx_models python -m recipe.train.shards join FOLDER NAME OUTPUT

FOLDER gets NAME.000, NAME.001 ... and NAME.json, the index that `join` checks each part and the whole by.
"""

import argparse
import hashlib
import json
import lzma
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

_CHUNK = 1 << 16  # bytes that are read, or unpacked, at a time
_PRESET = 6
_ALL = range(sys.maxsize)


class ShardError(Exception):
    """What is missing or broken, as a sentence."""


@dataclass(frozen=True)
class Index:
    """What NAME.json says: bytes and hash of the file before compression, the hash of each part by its name."""

    nbytes: int
    sha256: str
    is_compressed: bool
    parts: dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("split", help="cut a file into parts")
    verb.add_argument("file", type=Path)
    verb.add_argument("folder", type=Path)
    verb.add_argument("--size", type=float, default=15e6, help="bytes of a part, 15e6 by default")
    verb.add_argument("--compress", action="store_true", help="the whole as xz first; for text")
    verb.add_argument("--parts", type=part_range, default=_ALL, help="write these only, as 0:4")
    verb = verbs.add_parser("join", help="put a file together again")
    verb.add_argument("folder", type=Path)
    verb.add_argument("name", help="of the file that was split")
    verb.add_argument("output", type=Path)
    options = parser.parse_args()
    try:
        if options.verb == "join":
            index = join(options.folder, options.name, options.output)
            print(f"{options.output}: {index.nbytes / 1e6:.1f} MB from {len(index.parts)} parts")
        else:
            index = split(options.file, options.folder, int(options.size), options.compress, options.parts)
            print(f"{options.file}: {index.nbytes / 1e6:.1f} MB in {len(index.parts)} parts")
    except (ShardError, OSError) as error:
        sys.exit(str(error))


def part_range(text: str) -> range:
    """`0:4` as in a Python slice; `4:` is all the others."""
    first, end = text.split(":")
    return range(int(first or 0), int(end or sys.maxsize))


def split(file: Path, folder: Path, size: int, compress: bool = False, numbers: range = _ALL) -> Index:
    """Write the parts with these numbers, of `size` bytes, and the index; one part is in memory at a time."""
    if size < 1:
        raise ShardError(f"--size {size}: a part has one byte at least")
    folder.mkdir(parents=True, exist_ok=True)
    parts: dict[str, str] = {}
    with file.open("rb") as source:
        sha256 = hashlib.file_digest(source, "sha256").hexdigest()
        source.seek(0)
        chunks = iter(partial(source.read, _CHUNK), b"")
        for number, part in enumerate(_cut(_packed(chunks) if compress else chunks, size)):
            name = f"{file.name}.{number:03d}"
            parts[name] = hashlib.sha256(part).hexdigest()
            if number in numbers:
                (folder / name).write_bytes(part)
    index = Index(file.stat().st_size, sha256, compress, parts)
    (folder / f"{file.name}.json").write_text(json.dumps(asdict(index), indent=1), encoding="utf-8")
    return index


def join(folder: Path, name: str, output: Path) -> Index:
    """Write the file whole or not at all; ShardError says which parts are missing, or which one is broken."""
    index = _read_index(folder, name)
    if missing := [part for part in index.parts if not (folder / part).exists()]:
        raise ShardError(f"missing in {folder}: {', '.join(missing)}")
    parts = (_checked(folder / part, wanted) for part, wanted in index.parts.items())
    unfinished = output.with_name(f"{output.name}.partial")
    try:
        with unfinished.open("w+b") as target:
            target.writelines(_unpacked(parts) if index.is_compressed else parts)
            target.seek(0)
            sha256 = hashlib.file_digest(target, "sha256").hexdigest()
        if sha256 != index.sha256:
            raise ShardError(f"broken in {folder}: the parts of {name} make another file than its index says")
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)
    return index


def _read_index(folder: Path, name: str) -> Index:
    try:
        return Index(**json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise ShardError(f"missing or broken in {folder}: {name}.json, which lists the parts") from None


def _checked(path: Path, sha256: str) -> bytes:
    part = path.read_bytes()
    if hashlib.sha256(part).hexdigest() != sha256:
        raise ShardError(f"broken in {path.parent}: {path.name}, whose SHA-256 is not the index's")
    return part


def _cut(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


def _packed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    compressor = lzma.LZMACompressor(preset=_PRESET)
    yield from map(compressor.compress, chunks)
    yield compressor.flush()


def _unpacked(parts: Iterable[bytes]) -> Iterator[bytes]:
    decompressor = lzma.LZMADecompressor()
    for part in parts:
        yield from (decompressor.decompress(part[i : i + _CHUNK]) for i in range(0, len(part), _CHUNK))


if __name__ == "__main__":
    main()
