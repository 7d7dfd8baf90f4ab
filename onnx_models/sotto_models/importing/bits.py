"""How many bits each matrix of an imported model gets: its own blocks where they lose nothing, else by a budget.

Everything has 8 bits at first. Where that is more than the model may take, matrices that bear it best go to 4 bits:
first the gates and ups of the middle layers, last what the first and last layers, values, downs and tables are.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sotto_models.decoder.description import DecoderDescription, LayerKind
from sotto_models.quantizing.scheme import AS_STORED, Format
from sotto_models.weights.source import WeightSource

EIGHT = tuple(Format(8, size) for size in (128, 64, 32))
"""Blocks as large as fit into a row."""
FOUR = Format(4, 32)
TABLE, HEAD = "model.embed_tokens.weight", "lm_head.weight"
_EXPERTS = ".mlp.experts"
_MAX_GROWTH = 1.25
"""Blocks are kept where they take no more than so many times their bytes in the file."""
TINY_NBYTES = 200_000_000
"""A model that has fewer bytes in 8 bits keeps them, though its file may be smaller: it needs each of its bits."""
_SMALL_NBYTES = 600_000_000
"""A model of floats that has fewer bytes in 8 bits keeps them."""
_LARGE_BITS = 5.5
"""A weight of a larger one, on average."""
_NUM_EDGE_LAYERS = 2
_SCALE_NBYTES = 4


@dataclass(frozen=True)
class Bits:
    """A Scheme. formats: by the matrices' names; a layer's experts are one, since they must be stored alike."""

    formats: Mapping[str, Format]
    nbytes: int
    """Of all matrices as they will be stored."""

    def format_of(self, name: str) -> Format:
        return self.formats[_unit_of(name)]

    def describe(self) -> str:
        """In words: how many matrices are stored how."""
        counts = Counter(each.bits for each in self.formats.values())
        words = {AS_STORED.bits: "as they were", 8: "in 8 bits", 4: "in 4 bits"}
        return ", ".join(f"{counts[bits]} matrices {text}" for bits, text in words.items() if counts[bits])


def choose_bits(source: WeightSource) -> Bits:
    """Of every matrix that `write_graph` asks for."""
    units = group_matrices(source)
    shapes = {unit: [source.shape(name) for name in names] for unit, names in units.items()}
    formats: dict[str, Format] = {}
    nbytes: dict[str, int] = {}
    for unit, names in units.items():
        kept = _find_kept(source, names, shapes[unit])
        formats[unit] = AS_STORED if kept else _fit_eight(shapes[unit])
        nbytes[unit] = _count_nbytes(shapes[unit], kept or formats[unit])
    num_weights = sum(num_rows * num_columns for each in shapes.values() for num_rows, num_columns in each)
    budget = _find_budget(source, num_weights, sum(nbytes.values()))
    for unit in sorted((each for each in units if each not in (TABLE, HEAD)), key=_rate(source.description)):
        if sum(nbytes.values()) <= budget:
            break
        if formats[unit] in EIGHT:
            formats[unit], nbytes[unit] = FOUR, _count_nbytes(shapes[unit], FOUR)
    return Bits(formats, sum(nbytes.values()))


def group_matrices(source: WeightSource) -> dict[str, list[str]]:
    """The names of all that is quantized, those together that must be stored alike."""
    units: dict[str, list[str]] = {}
    for name in _find_matrices(source):
        units.setdefault(_unit_of(name), []).append(name)
    return units


def _unit_of(name: str) -> str:
    return f"{name.partition(_EXPERTS)[0]}{_EXPERTS}" if _EXPERTS in name else name


def _find_matrices(source: WeightSource) -> Iterator[str]:
    description = source.description
    yield TABLE
    if not description.tied_head:
        yield HEAD
    for layer in range(description.num_layers):
        name = f"model.layers.{layer}"
        if description.layers and description.layers[layer] is LayerKind.LINEAR_ATTENTION:
            joined = f"{name}.linear_attn.in_proj_qkvz.weight"
            parts = ("in_proj_qkvz",) if joined in source else ("in_proj_qkv", "in_proj_z")
            yield from (f"{name}.linear_attn.{part}.weight" for part in (*parts, "out_proj"))
        else:
            yield from (f"{name}.self_attn.{part}_proj.weight" for part in "qkvo")
        parts = ("gate_proj", "up_proj", "down_proj") if description.gated_mlp else ("c_fc", "c_proj")
        experts = description.experts
        if experts is None:
            yield from (f"{name}.mlp.{part}.weight" for part in parts)
            continue
        yield from (f"{name}{_EXPERTS}.{each}.{part}.weight" for each in range(experts.num_experts) for part in parts)
        if experts.shared_size:
            yield from (f"{name}.mlp.shared_expert.{part}.weight" for part in parts)


def _rate(description: DecoderDescription) -> Callable[[str], tuple[bool, bool, bool, float]]:
    """A key that sorts matrices of the layers, those first that bear few bits best."""
    middle = description.num_layers / 2
    sensitive = ("v_proj", "down_proj", "c_proj")

    def rate(name: str) -> tuple[bool, bool, bool, float]:
        layer = int(name.split(".")[2])
        is_edge = min(layer, description.num_layers - 1 - layer) < _NUM_EDGE_LAYERS
        is_sensitive = any(part in name for part in sensitive)
        return is_edge, is_sensitive, "_attn." in name, abs(layer + 0.5 - middle)

    return rate


def _find_kept(source: WeightSource, names: list[str], shapes: list[tuple[int, ...]]) -> Format | None:
    """The blocks of the file, if they lose nothing and grow little."""
    found = {source.stored_format(name) for name in names}
    kept = found.pop() if len(found) == 1 else None
    if kept is None:
        return None
    stored_nbytes = sum(source.stored_nbytes(name) for name in names)
    return kept if _count_nbytes(shapes, kept) <= _MAX_GROWTH * stored_nbytes else None


def _fit_eight(shapes: list[tuple[int, ...]]) -> Format:
    fitting = (each for each in EIGHT if all(shape[1] % each.block_size == 0 for shape in shapes))
    return next(fitting, EIGHT[-1])


def _count_nbytes(shapes: list[tuple[int, ...]], stored: Format) -> int:
    num_blocks = sum(num_rows * -(-num_columns // stored.block_size) for num_rows, num_columns in shapes)
    return num_blocks * (stored.block_size * stored.bits // 8 + _SCALE_NBYTES)


def _find_budget(source: WeightSource, num_weights: int, nbytes_in_eight: int) -> int:
    """What the model had in its file; a model of floats is smaller than that."""
    if nbytes_in_eight <= TINY_NBYTES:
        return nbytes_in_eight
    is_float = source.nbytes >= 2 * num_weights
    if not is_float:
        return source.nbytes
    return nbytes_in_eight if nbytes_in_eight <= _SMALL_NBYTES else int(num_weights * _LARGE_BITS / 8)
