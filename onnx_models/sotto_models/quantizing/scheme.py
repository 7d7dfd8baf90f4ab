"""How each matrix is stored: its bits, its blocks, with or without zero points."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Format:
    """bits: 4, 8, or 32 for float32. `block_size` neighbours of a row share a scale."""

    bits: int
    block_size: int = 32
    zero_points: bool = False


class Scheme(Protocol):
    """Says the format of the matrix with this (Hugging Face) name, whose rows are the outputs."""

    def format_of(self, name: str, num_rows: int, num_columns: int) -> Format: ...
