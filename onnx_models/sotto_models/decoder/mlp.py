"""A layer's MLP: gated with SiLU, or plain with GELU."""

from sotto_models.decoder.matrices import Building
from sotto_models.preparing.graph_view import MICROSOFT


def add_mlp(building: Building, layer: int, normed: str) -> str:
    """The MLP's output, before it is added to the rows."""
    source, name = f"model.layers.{layer}.mlp", f"layers.{layer}"
    if building.description.gated_mlp:
        names = [f"{source}.{part}_proj.weight" for part in ("gate", "up", "down")]
        return add_gated_mlp(building, normed, names, name)
    graph = building.graph
    inner = building.linear(normed, [f"{source}.c_fc.weight"], f"{name}.inner")
    active = graph.add("FastGelu", [inner], f"{name}.active", MICROSOFT)  # the tanh form
    return building.linear(active, [f"{source}.c_proj.weight"], f"{name}.down")


def add_gated_mlp(building: Building, normed: str, names: list[str], name: str) -> str:
    """down(SiLU(gate(rows)) * up(rows)); names: of gate, up and down."""
    graph = building.graph
    fused = building.linear(normed, names[:2], f"{name}.gate_up")
    gate, up = graph.add_many("Split", [fused], [f"{name}.gate", f"{name}.up"], axis=-1, num_outputs=2)
    # QuickGelu with alpha 1 is x * sigmoid(x), the SiLU of the papers, in one pass over memory.
    silu = graph.add("QuickGelu", [gate], f"{name}.silu", MICROSOFT, alpha=1.0)
    product = graph.add("Mul", [silu, up], f"{name}.product")
    return building.linear(product, names[2:], f"{name}.down")
