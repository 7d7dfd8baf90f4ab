"""Where an ONNX graph keeps its weights, read from its bytes: before any library opens what is named there.

An ONNX file is a protobuf message (onnx.proto); only the few fields on the way to a tensor's location are followed.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LOCATION = b"location"
# message -> field number -> the message that lies there
_WAYS = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
_MAX_DEPTH = 24


def find_external_data(graph: Path) -> set[str]:
    """The paths, as written in the graph. Raises ValueError for a file that is no protobuf message."""
    if not graph.stat().st_size:
        raise ValueError("an empty file")
    with graph.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return set(_locations(data, 0, len(data), "model", 0))


def _locations(data: mmap.mmap, start: int, end: int, message: str, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    ways = _WAYS[message]
    for number, begin, stop in _fields(data, start, end):
        inner = ways.get(number)
        if inner == "entry":
            pair = {field: data[a:b] for field, a, b in _fields(data, begin, stop)}
            if pair.get(1) == _LOCATION:
                yield pair.get(2, b"").decode("utf-8", errors="replace")
        elif inner:
            yield from _locations(data, begin, stop, inner, depth + 1)


def _fields(data: mmap.mmap, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """`(field number, where its bytes begin, where they end)` of each field that holds bytes."""
    at = start
    while at < end:
        key, at = _varint(data, at, end)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            _, at = _varint(data, at, end)
        elif kind == _BYTES:
            length, at = _varint(data, at, end)
            if at + length > end:
                raise ValueError("a field goes on after the end of its message")
            yield number, at, at + length
            at += length
        elif kind in (_FIXED32, _FIXED64):
            at += 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"no such kind of field: {kind}")
    if at != end:
        raise ValueError("a field goes on after the end of its message")


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("a number without an end")
