"""The schemes an export can be quantized by; the arithmetic is `sotto_models.quantizing.blockwise`."""

from dataclasses import dataclass

from sotto_models.decoder.embedding import HEAD, TABLE
from sotto_models.quantizing.scheme import Format


@dataclass(frozen=True)
class Scheme:
    """Bits and block size of the layers' matrices and of embedding and head; 32 bits means float32."""

    name: str
    bits: int
    block_size: int
    head_bits: int
    head_block_size: int

    def format_of(self, name: str) -> Format:
        """Of the matrix with this name in a checkpoint."""
        is_table = name in (TABLE, HEAD)
        return Format(self.head_bits, self.head_block_size) if is_table else Format(self.bits, self.block_size)


SCHEMES = {
    scheme.name: scheme
    for scheme in (
        Scheme("float32", 32, 32, 32, 32),
        Scheme("int8-b32", 8, 32, 8, 32),
        Scheme("int8-b128", 8, 128, 8, 128),
        Scheme("int4-b32", 4, 32, 4, 32),
        Scheme("int4-b64", 4, 64, 4, 64),
        Scheme("int4-b128", 4, 128, 4, 128),
        Scheme("mixed-b32", 4, 32, 8, 32),
        Scheme("mixed-b128", 4, 128, 8, 128),
    )
}
