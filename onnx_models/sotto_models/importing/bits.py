"""How many bits each matrix of an imported model gets: its own blocks where they lose nothing, else by a budget.

Everything has 8 bits at first. Where that is more than the model may take, matrices that bear it best go to 4 bits:
first the gates and ups of the middle layers, last what the first and last layers, values, downs and tables are.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sotto_models.decoder.description import DecoderDescription
from sotto_models.quantizing.scheme import AS_STORED, Format
from sotto_models.weights.source import WeightSource

EIGHT = tuple(Format(8, size) for size in (128, 64, 32))
"""Blocks as large as fit into a row."""
FOUR = Format(4, 32)
TABLE, HEAD = "model.embed_tokens.weight", "lm_head.weight"
_MAX_GROWTH = 1.25
"""Blocks are kept where they take no more than so many times their bytes in the file."""
_SMALL_NBYTES = 600_000_000
"""A model of floats that has fewer bytes in 8 bits keeps them."""
_LARGE_BITS = 5.5
"""A weight of a larger one, on average."""
_NUM_EDGE_LAYERS = 2
_SCALE_NBYTES = 4


@dataclass(frozen=True)
class Bits:
    """A Scheme. formats: by the matrices' names."""

    formats: Mapping[str, Format]
    nbytes: int
    """Of all matrices as they will be stored."""

    def format_of(self, name: str) -> Format:
        return self.formats[name]

    def describe(self) -> str:
        """In words: how many matrices are stored how."""
        counts = Counter(each.bits for each in self.formats.values())
        words = {AS_STORED.bits: "as they were", 8: "in 8 bits", 4: "in 4 bits"}
        return ", ".join(f"{counts[bits]} matrices {text}" for bits, text in words.items() if counts[bits])


def choose_bits(source: WeightSource) -> Bits:
    """Of every matrix that `write_graph` asks for."""
    formats: dict[str, Format] = {}
    nbytes: dict[str, int] = {}
    for name in find_matrices(source.description):
        kept = source.stored_format(name)
        if kept is not None and _can_keep(source, name, kept):
            formats[name], nbytes[name] = AS_STORED, _count_nbytes(source.shape(name), kept)
        else:
            eight = formats[name] = _fit_eight(source.shape(name))
            nbytes[name] = _count_nbytes(source.shape(name), eight)
    budget = _find_budget(source, sum(nbytes.values()))
    for name in _rank(source.description):
        if sum(nbytes.values()) <= budget:
            break
        if formats[name] in EIGHT:
            formats[name], nbytes[name] = FOUR, _count_nbytes(source.shape(name), FOUR)
    return Bits(formats, sum(nbytes.values()))


def find_matrices(description: DecoderDescription) -> Iterator[str]:
    """The names of all that is quantized."""
    yield TABLE
    if not description.tied_head:
        yield HEAD
    parts = ("gate_proj", "up_proj", "down_proj") if description.gated_mlp else ("c_fc", "c_proj")
    for layer in range(description.num_layers):
        yield from (f"model.layers.{layer}.self_attn.{part}_proj.weight" for part in "qkvo")
        yield from (f"model.layers.{layer}.mlp.{part}.weight" for part in parts)


def _rank(description: DecoderDescription) -> list[str]:
    """Matrices of the layers, those first that bear few bits best."""
    middle = description.num_layers / 2
    sensitive = ("v_proj", "down_proj", "c_proj")

    def rate(name: str) -> tuple[bool, bool, bool, float]:
        layer = int(name.split(".")[2])
        is_edge = min(layer, description.num_layers - 1 - layer) < _NUM_EDGE_LAYERS
        is_sensitive = any(part in name for part in sensitive)
        return is_edge, is_sensitive, "self_attn" in name, abs(layer + 0.5 - middle)

    return sorted((name for name in find_matrices(description) if name not in (TABLE, HEAD)), key=rate)


def _can_keep(source: WeightSource, name: str, kept: Format) -> bool:
    """Without loss and without growing much; rows of the embedding are gathered, which takes no zero points."""
    grows = _count_nbytes(source.shape(name), kept) > _MAX_GROWTH * source.stored_nbytes(name)
    return not grows and not (name == TABLE and kept.zero_points)


def _fit_eight(shape: tuple[int, ...]) -> Format:
    return next((each for each in EIGHT if shape[1] % each.block_size == 0), EIGHT[-1])


def _count_nbytes(shape: tuple[int, ...], stored: Format) -> int:
    num_rows, num_columns = shape
    num_blocks = num_rows * -(-num_columns // stored.block_size)
    num_numbers = 2 if stored.zero_points else 1
    return num_blocks * (stored.block_size * stored.bits // 8 + _SCALE_NBYTES * num_numbers)


def _find_budget(source: WeightSource, nbytes_in_eight: int) -> int:
    """What the model had in its file; a model of floats is smaller than that."""
    num_weights = sum(_count_weights(source, name) for name in find_matrices(source.description))
    is_float = source.nbytes >= 2 * num_weights
    if not is_float:
        return source.nbytes
    return nbytes_in_eight if nbytes_in_eight <= _SMALL_NBYTES else int(num_weights * _LARGE_BITS / 8)


def _count_weights(source: WeightSource, name: str) -> int:
    num_rows, num_columns = source.shape(name)
    return num_rows * num_columns
