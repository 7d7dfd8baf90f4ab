"""Blocks of GGUF's quantizations as MatMulNBits has them: the very same values, without rounding again.

Layouts after ggml's ggml-common.h. What does not fit (blocks with a least value or two scales, tables) is read
as float32 by the package gguf: MatMulNBits takes zero points that are no whole numbers, and is then slow.
"""

from collections.abc import Callable

import numpy as np
from gguf.constants import GGMLQuantizationType
from numpy.typing import NDArray

from sotto_models.quantizing.blockwise import QuantizedMatrix
from sotto_models.quantizing.scheme import Format

_BLOCK = 32
Bytes = NDArray[np.uint8]


def keep_blocks(kind: GGMLQuantizationType, rows: Bytes, num_columns: int) -> QuantizedMatrix:
    """rows: uint8 [rows, bytes of a row]. Raises KeyError for a kind that cannot be kept."""
    read, nbytes = _KEPT[kind]
    return read(rows.reshape(len(rows), -1, nbytes), num_columns)


def _read_q4_0(blocks: Bytes, num_columns: int) -> QuantizedMatrix:
    scales, levels = _scales(blocks, 0), _nibbles(blocks[:, :, 2:])
    return QuantizedMatrix(_pack(levels), scales, 4, _BLOCK, num_columns)


def _read_q5_0(blocks: Bytes, num_columns: int) -> QuantizedMatrix:
    """Five bits fit into eight: levels from -16 to 15 with the same scale."""
    scales = _scales(blocks, 0)
    high = np.unpackbits(blocks[:, :, 2:6], axis=-1, bitorder="little")
    levels = _nibbles(blocks[:, :, 6:]) | (high << np.uint8(4))
    return QuantizedMatrix(levels + np.uint8(128 - 16), scales, 8, _BLOCK, num_columns)


def _read_q8_0(blocks: Bytes, num_columns: int) -> QuantizedMatrix:
    return QuantizedMatrix(blocks[:, :, 2:] ^ np.uint8(128), _scales(blocks, 0), 8, _BLOCK, num_columns)


def _scales(blocks: Bytes, at: int) -> NDArray[np.float32]:
    """The float16 at a byte of each block, [rows, blocks]."""
    return np.ascontiguousarray(blocks[:, :, at : at + 2]).view("<f2")[:, :, 0].astype(np.float32)


def _nibbles(packed: Bytes) -> Bytes:
    """Levels [rows, blocks, 32] of 16 bytes: the lower halves come first, then the upper ones."""
    return np.concatenate((packed & np.uint8(15), packed >> np.uint8(4)), axis=-1)


def _pack(levels: Bytes) -> Bytes:
    """Two neighbours a byte, the earlier in the lower half."""
    return (levels[:, :, 0::2] | (levels[:, :, 1::2] << 4)).astype(np.uint8)


_KEPT: dict[GGMLQuantizationType, tuple[Callable[[Bytes, int], QuantizedMatrix], int]] = {
    GGMLQuantizationType.Q4_0: (_read_q4_0, 18),
    GGMLQuantizationType.Q5_0: (_read_q5_0, 22),
    GGMLQuantizationType.Q8_0: (_read_q8_0, 34),
}
"""How each kind is read, and the bytes of a block."""
KEPT_FORMATS = {
    GGMLQuantizationType.Q4_0: Format(4, _BLOCK),
    GGMLQuantizationType.Q5_0: Format(8, _BLOCK),
    GGMLQuantizationType.Q8_0: Format(8, _BLOCK),
}
