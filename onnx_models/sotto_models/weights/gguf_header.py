"""Reads the header of a GGUF file that may be anything: each size is held against the file's before it is believed.

After the format's description (ggml, docs/gguf.md), versions 2 and 3, little-endian.
"""

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGUF_DEFAULT_ALIGNMENT, GGMLQuantizationType, GGUFValueType

from sotto_engine.errors import SottoError
from sotto_engine.model_files.inner_path import leaves_folder

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MAX_TENSORS = 100_000
_MAX_FIELDS = 10_000
_MAX_NAME = 256
_MAX_AXES = 4
_NUMBERS = {
    GGUFValueType.UINT8: "<u1",
    GGUFValueType.INT8: "<i1",
    GGUFValueType.UINT16: "<u2",
    GGUFValueType.INT16: "<i2",
    GGUFValueType.UINT32: "<u4",
    GGUFValueType.INT32: "<i4",
    GGUFValueType.FLOAT32: "<f4",
    GGUFValueType.BOOL: "<u1",
    GGUFValueType.UINT64: "<u8",
    GGUFValueType.INT64: "<i8",
    GGUFValueType.FLOAT64: "<f8",
}


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in the file. shape: rows first, as numpy has it. offset: of its bytes in the file."""

    name: str
    kind: GGMLQuantizationType
    shape: tuple[int, ...]
    offset: int
    nbytes: int


@dataclass(frozen=True)
class Header:
    """What stands before the weights. A field's value is a number, a string, or a list or array of them."""

    path: Path
    fields: Mapping[str, Any]
    tensors: Mapping[str, StoredTensor]


def read_header(path: Path) -> Header:
    """Raises SottoError, a sentence, for what is no whole GGUF file."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Reader(path, data).read()
    except (OSError, ValueError) as error:  # an empty file cannot be mapped
        raise SottoError(f"{path} cannot be read ({error}); give a GGUF file.") from error


class _Reader:
    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self._path = path
        self._data = data
        self._at = 0

    def read(self) -> Header:
        if self._take(4) != _MAGIC:
            raise SottoError(f"{self._path} is no GGUF file; give a model's .gguf file.")
        version = self._number("<I")
        if version not in _VERSIONS:
            raise SottoError(
                f"{self._path} is GGUF of version {version}, and Sotto reads 2 and 3; take a newer file of the model."
            )
        num_tensors, num_fields = self._number("<Q"), self._number("<Q")
        if num_tensors > _MAX_TENSORS or num_fields > _MAX_FIELDS:
            raise self._broken(f"{num_tensors} tensors and {num_fields} fields are claimed")
        fields: dict[str, Any] = {}
        for _ in range(num_fields):
            name = self._name()
            if name in fields:
                raise self._broken(f"the field {name!r} is there twice")
            fields[name] = self._value(self._number("<I"))
        placed = [self._tensor() for _ in range(num_tensors)]
        alignment = fields.get("general.alignment", GGUF_DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment <= 0 or alignment % 8:
            raise self._broken(f"its alignment is {alignment!r}")
        start = self._at + -self._at % alignment
        return Header(self._path, fields, self._place(placed, start, alignment))

    def _place(self, placed: list[StoredTensor], start: int, alignment: int) -> dict[str, StoredTensor]:
        tensors: dict[str, StoredTensor] = {}
        end = start
        for each in sorted(placed, key=lambda tensor: tensor.offset):
            offset = start + each.offset
            if each.name in tensors:
                raise self._broken(f"the tensor {each.name!r} is there twice")
            if each.offset % alignment or offset < end:
                raise self._broken(f"the tensor {each.name!r} lies across another")
            end = offset + each.nbytes
            if end > len(self._data):
                raise self._broken(f"the tensor {each.name!r} ends beyond the file's end")
            tensors[each.name] = StoredTensor(each.name, each.kind, each.shape, offset, each.nbytes)
        return tensors

    def _tensor(self) -> StoredTensor:
        name = self._name()
        num_axes = self._number("<I")
        if not 1 <= num_axes <= _MAX_AXES:
            raise self._broken(f"the tensor {name!r} has {num_axes} axes")
        shape = tuple(reversed([self._number("<Q") for _ in range(num_axes)]))
        number, offset = self._number("<I"), self._number("<Q")
        try:
            kind = GGMLQuantizationType(number)
        except ValueError:
            raise SottoError(
                f"{self._path}: the weights {name!r} are quantized in a way ({number}) that Sotto does not know; "
                "take a file of another quantization, Q8_0 or Q4_K_M."
            ) from None
        block_size, block_nbytes = GGML_QUANT_SIZES[kind]
        num_values = 1
        for size in shape:
            num_values *= size  # Python's integers do not overflow
        if shape[-1] % block_size or not 0 < num_values <= 8 * len(self._data) * block_size:
            raise self._broken(f"the tensor {name!r} has the shape {list(shape)}")
        return StoredTensor(name, kind, shape, offset, num_values // block_size * block_nbytes)

    def _value(self, number: int) -> Any:  # noqa: ANN401 - see Header
        kind = self._kind(number)
        if kind is GGUFValueType.STRING:
            return self._text()
        if kind is not GGUFValueType.ARRAY:
            value = np.frombuffer(self._take(np.dtype(_NUMBERS[kind]).itemsize), _NUMBERS[kind])[0].item()
            return bool(value) if kind is GGUFValueType.BOOL else value
        inner, length = self._kind(self._number("<I")), self._number("<Q")
        if inner is GGUFValueType.ARRAY:
            raise self._broken("a list of lists is claimed")
        if inner is GGUFValueType.STRING:
            if length > (len(self._data) - self._at) // 8:
                raise self._broken(f"a list of {length} texts is claimed")
            return [self._text() for _ in range(length)]
        dtype = np.dtype(_NUMBERS[inner])
        return np.frombuffer(self._take(length * dtype.itemsize), dtype)

    def _kind(self, number: int) -> GGUFValueType:
        try:
            return GGUFValueType(number)
        except ValueError:
            raise self._broken(f"a value of the unknown type {number} is claimed") from None

    def _name(self) -> str:
        name = self._text()
        if not 0 < len(name) <= _MAX_NAME or not name.isprintable() or leaves_folder(name):
            raise self._broken(f"the name {name[:40]!r} is none")
        return name

    def _text(self) -> str:
        return self._take(self._number("<Q")).decode("utf-8", errors="replace")

    def _number(self, form: str) -> int:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _take(self, nbytes: int) -> bytes:
        end = self._at + nbytes
        if end > len(self._data):
            raise self._broken("it ends too early")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def _broken(self, what: str) -> SottoError:
        return SottoError(f"{self._path} is broken: {what}; fetch it again.")
