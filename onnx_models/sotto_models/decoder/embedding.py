"""The table of tokens: rows in at the bottom, logits out at the top."""

from sotto_models.decoder.matrices import Building, read_matrix
from sotto_models.preparing.graph_view import MICROSOFT
from sotto_models.quantizing.blockwise import QuantizedMatrix

TABLE = "model.embed_tokens.weight"
HEAD = "lm_head.weight"


def add_embedding(building: Building) -> str:
    """The tokens' rows [1, S, hidden_size]."""
    graph, description = building.graph, building.description
    table = read_matrix(building.weights, building.scheme, TABLE)
    if isinstance(table, QuantizedMatrix):
        rows = _gather_blocks(building, table)
    else:
        rows = graph.add("Gather", [graph.constant("embedding", table), "input_ids"], "embedded", axis=0)
    if description.embedding_scale == 1:
        return rows
    return graph.add("Mul", [rows, graph.number(description.embedding_scale)], "embedded.scaled")


def add_head(building: Building, normed: str) -> None:
    """The logits. A tied head multiplies by the embedding's very table, which is stored once."""
    graph, description = building.graph, building.description
    name, source = ("embedding", TABLE) if description.tied_head else ("head", HEAD)
    output = "logits" if description.logits_scale == 1 else "logits.unscaled"
    table = read_matrix(building.weights, building.scheme, source)
    if isinstance(table, QuantizedMatrix):
        building.multiply(normed, table, name, output)
    else:
        graph.add("FusedMatMul", [normed, graph.constant(name, table)], output, MICROSOFT, transB=1)
    if description.logits_scale != 1:
        graph.add("Div", [output, graph.number(description.logits_scale)], "logits")


def _gather_blocks(building: Building, table: QuantizedMatrix) -> str:
    graph, description = building.graph, building.description
    packed, scales = building.constants(table, "embedding")
    # The gather wants the scales in the blob's three dimensions, MatMulNBits in two; folded at load.
    spread = graph.add("Unsqueeze", [scales, graph.numbers(2)], "embedding.scales_3d")
    blocks = graph.add(
        "GatherBlockQuantized",
        [packed, "input_ids", spread],
        "embedded_blocks",
        MICROSOFT,
        bits=table.bits,
        block_size=table.block_size,
        gather_axis=0,
        quantize_axis=2,
    )
    padded_size = table.scales.shape[1] * table.block_size
    embedded = graph.add("Reshape", [blocks, graph.numbers(0, 0, padded_size)], "embedded")
    if padded_size == description.hidden_size:
        return embedded
    cut = [graph.numbers(0), graph.numbers(description.hidden_size), graph.numbers(2)]
    return graph.add("Slice", [embedded, *cut], "embedded.cut")
