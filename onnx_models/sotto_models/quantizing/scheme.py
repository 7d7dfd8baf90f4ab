"""How each matrix is stored: its bits and its blocks."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Format:
    """bits: 4, 8, or 32 for float32. `block_size` neighbours of a row share a scale."""

    bits: int
    block_size: int = 32


AS_STORED = Format(0)
"""Not quantized again: the source's own blocks are written."""
FLOAT32 = Format(32)


class Scheme(Protocol):
    """Says the format of the matrix with this (Hugging Face) name: AS_STORED only where the source has blocks."""

    def format_of(self, name: str) -> Format: ...
