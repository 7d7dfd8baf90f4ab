"""Norms of rows, alone and behind a residual sum."""

from sotto_models.decoder.description import Norm
from sotto_models.decoder.matrices import Building
from sotto_models.preparing.graph_view import MICROSOFT


def add_norm(building: Building, rows: str, source: str, name: str, output: str) -> str:
    """The rows, normalized. source: of the weights in the checkpoint. name: theirs in the graph."""
    op = "LayerNormalization" if building.description.norm is Norm.LAYER else "SimplifiedLayerNormalization"
    weights = _write_weights(building, source, name)
    return building.graph.add(op, [rows, *weights], output, axis=-1, epsilon=building.description.norm_eps)


def add_sum_and_norm(building: Building, output: str, hidden: str, source: str, name: str) -> tuple[str, str]:
    """`(normed, sum)` of a layer's output and the rows that it is added to."""
    graph, description = building.graph, building.description
    if description.residual_scale != 1:
        output = graph.add("Mul", [output, graph.number(description.residual_scale)], f"{name}.scaled")
    is_layer_norm = description.norm is Norm.LAYER
    op = "SkipLayerNormalization" if is_layer_norm else "SkipSimplifiedLayerNormalization"
    weights = _write_weights(building, source, f"{name}_norm")
    outputs = [f"{name}.normed", "", "", f"{name}.sum"]
    graph.add_many(op, [output, hidden, *weights], outputs, MICROSOFT, epsilon=description.norm_eps)
    return outputs[0], outputs[3]


def _write_weights(building: Building, source: str, name: str) -> list[str]:
    if building.description.norm is Norm.LAYER:
        bias = building.graph.constant(f"{name}.bias", building.weights.read(f"{source}.bias"))
        return [building.graph.constant(name, building.weights.read(f"{source}.weight")), bias]
    return [building.norm_weight(f"{source}.weight", name)]
