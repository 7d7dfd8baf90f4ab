"""Attention that an exporter spelled out in some hundred operators a layer, made one GroupQueryAttention.

That one writes keys and values in place and runs in a few kernels. A layer is found by its shape around the softmax,
and what cannot be seen from the shape is computed: that the mask is causal and nothing else, that the rotation is
the usual one. Graphs of which one layer does not fit are left as they are.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from sotto_models.preparing.graph_view import MICROSOFT, GraphView, NotComputable, drop_unused, without_dead
from sotto_models.preparing.projection import join_projections
from sotto_models.preparing.rotation import Rotation, RotationFinder

_MASKED = -1e4
"""A logit below this is masked: exporters write the least number of the type, or infinity."""
_FAR = 8192
"""A token so far after the first one must still see it, or the model looks through a window."""
_MOVED = ("Unsqueeze", "Expand", "Reshape", "Transpose", "Identity", "Cast")
"""What stands between a cache and the product it goes into: it is repeated for each query head, and turned."""


class _Unfit(Exception):  # noqa: N818 - an answer
    """The graph computes something else, or the same in another way."""


@dataclass(frozen=True)
class _Layer:
    """Names of tensors. `query`, `key`, `value`: `[batch, heads, tokens, head size]`, of the new tokens."""

    past: tuple[str, str]
    present: tuple[str, str]
    query: str
    key: str
    value: str
    mask: str
    scale: float
    num_heads: int
    num_kv_heads: int
    end: Any
    """The node that gives the attention's output as `[batch, tokens, heads * head size]`."""


def fuse_attention(model: Any) -> int:
    """Fuse all layers; how many there were, 0 if the graph was left as it is."""
    view = GraphView(model)
    keys = [name for name in view.inputs if name.startswith("past") and name.endswith("key")]
    try:
        layers = [_find_layer(view, name) for name in keys]
        if not layers or "attention_mask" not in view.inputs:
            return 0
        for layer in layers:
            _require_causal(view, layer)
        finder = RotationFinder(view)
        rotations = [_rotations(finder, layer) for layer in layers]
        nodes, weights = _fused(view, model.graph, layers, rotations)
    except (_Unfit, NotComputable):
        return 0
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(weights)
    del model.graph.value_info[:]
    drop_unused(model.graph)
    return len(layers)


def _find_layer(view: GraphView, past_key: str) -> _Layer:
    """Raises _Unfit."""
    past = past_key, past_key.removesuffix("key") + "value"
    joined = [_only([node for node in view.consumers[name] if node.op_type == "Concat"]) for name in past]
    if any(len(node.input) != 2 or node.input[0] not in past for node in joined):
        raise _Unfit("a cache is not grown by the new tokens")
    present = str(joined[0].output[0]), str(joined[1].output[0])
    (scores, key_scale), (weighted, value_scale) = (_product(view, name) for name in present)
    softmax = view.producer(_before(view, weighted.input[0], "Where", "Cast", "Identity"), "Softmax")
    if softmax is None or value_scale != 1:
        raise _Unfit("no softmax")
    masked = view.producer(softmax.input[0], "Add")
    if masked is None:
        raise _Unfit("no mask is added")
    found = [_unscaled(view, name) for name in masked.input]
    side = next((i for i, (name, _) in enumerate(found) if name in scores.output), None)
    if side is None:
        raise _Unfit("the mask is added to something else")
    query, query_scale = _unscaled(view, scores.input[0])
    turned = _only(view.consumers[weighted.output[0]], "Transpose")
    end = _only(view.consumers[turned.output[0]], "Reshape")
    _, num_kv_heads, _, head_dim = view.dims(past_key)
    if not isinstance(num_kv_heads, int) or not isinstance(head_dim, int) or not head_dim:
        raise _Unfit("open head size")
    return _Layer(
        past=past,
        present=present,
        query=query,
        key=joined[0].input[1],
        value=joined[1].input[1],
        mask=masked.input[1 - side],
        scale=key_scale * query_scale * found[side][1],
        num_heads=_width(view, end.output[0]) // head_dim,
        num_kv_heads=num_kv_heads,
        end=end,
    )


def _only(nodes: list[Any], op_type: str = "Concat") -> Any:
    if len(nodes) != 1 or nodes[0].op_type != op_type:
        raise _Unfit(f"not one {op_type}")
    return nodes[0]


def _product(view: GraphView, cache: str) -> tuple[Any, float]:
    """The product that a cache is the right side of, and what it is multiplied by on the way there."""
    name, scale = cache, 1.0
    while True:
        readers = [node for node in view.consumers[name] if node.op_type in (*_MOVED, "Mul", "Div", "MatMul")]
        readers = [node for node in readers if node.input[0] == name or node.op_type == "MatMul"]
        node = _only(readers, readers[0].op_type if readers else "")
        if node.op_type == "MatMul":
            if node.input[1] != name:
                raise _Unfit("a cache on the left of a product")
            return node, scale
        name = node.output[0]
        if node.op_type in ("Mul", "Div"):
            scale *= _unscaled(view, name)[1]


def _unscaled(view: GraphView, name: str) -> tuple[str, float]:
    """A tensor before products and quotients by one number, and what they make together."""
    scale = 1.0
    while (node := view.producer(name, "Mul", "Div")) is not None:
        factor = view.constant(node.input[1])
        if factor is None or factor.size != 1:
            break
        scale *= float(factor.item()) if node.op_type == "Mul" else 1 / float(factor.item())
        name = node.input[0]
    return name, scale


def _before(view: GraphView, name: str, *op_types: str) -> str:
    """A tensor before operators that change nothing that matters: guards against 0/0, casts."""
    while (node := view.producer(name, *op_types)) is not None:
        name = node.input[-1]
    return name


def _width(view: GraphView, name: str) -> int:
    """Columns of an attention's output, which the product after it shows."""
    for node in view.consumers[name]:
        if node.op_type == "MatMulNBits":
            return int(next(each.i for each in node.attribute if each.name == "K"))
        if node.op_type == "MatMul" and node.input[1] in view.initializers:
            return int(view.initializers[node.input[1]].dims[0])
    raise _Unfit("no product after the attention")


def _require_causal(view: GraphView, layer: _Layer) -> None:
    """Raises _Unfit unless each token sees itself and all before it, and nothing else."""
    embedded = [node.output[0] for node in view.consumers["input_ids"] if node.op_type == "Gather"]
    for num_past, num_tokens in ((0, 5), (3, 5), (_FAR, 1)):
        total = num_past + num_tokens
        heads, width = layer.num_kv_heads, view.dims(layer.past[0])[3]
        cache = np.zeros((1, heads, total, int(width)), np.float32)
        given = {
            "input_ids": np.zeros((1, num_tokens), np.int64),
            "attention_mask": np.ones((1, total), np.int64),
            "position_ids": np.arange(num_past, total, dtype=np.int64)[None],
            **{name: cache[:, :, :num_past] for name in view.inputs if name.startswith("past")},
            **dict.fromkeys(layer.present, cache),
            **dict.fromkeys(embedded, np.zeros((1, num_tokens, 1), np.float32)),  # some ask for its shape
        }
        (mask,) = view.evaluate([layer.mask], given)
        mask = mask.reshape(mask.shape[-2:]) if mask.ndim == 4 else mask
        seen = np.tri(num_tokens, total, num_past, dtype=bool)
        if mask.shape != seen.shape or not (np.all(mask[seen] == 0) and np.all(mask[~seen] < _MASKED)):
            raise _Unfit("another mask")


def _rotations(finder: RotationFinder, layer: _Layer) -> tuple[Rotation, Rotation] | None:
    """Of query and key, if both are turned the usual way and alike; else the graph's own operators stay."""
    query, key = (finder.find(name) for name in (layer.query, layer.key))
    return (query, key) if query and key and query.tables == key.tables else None


def _fused(
    view: GraphView, graph: Any, layers: list[_Layer], rotations: list[tuple[Rotation, Rotation] | None]
) -> tuple[list[Any], list[Any]]:
    """`(nodes, weights to add)`. Raises _Unfit if something else reads the caches, which are buffers from now on."""
    nodes, weights = list(_lengths()), _numbers()
    tables: set[str] = set()
    ends = {layer.end.output[0]: i for i, layer in enumerate(layers)}
    replaced = {name for layer in layers for name in layer.present}
    for node in graph.node:
        if node.output[0] in ends:
            number = ends[node.output[0]]
            rotation = rotations[number]
            if rotation and rotation[0].cos_name not in tables:
                tables.add(rotation[0].cos_name)
                weights += rotation[0].as_weights()
            made, more = _attention(view, f"sotto.attention.{number}", layers[number], rotation)
            nodes += made
            weights += more
        elif not replaced & set(node.output):
            nodes.append(node)
    nodes = without_dead(nodes, [value.name for value in graph.output])
    caches = {name for layer in layers for name in (*layer.past, *layer.present)}
    if any(caches & set(node.input) and node.op_type != "GroupQueryAttention" for node in nodes):
        raise _Unfit("the caches are read elsewhere")
    return nodes, weights


def _lengths() -> list[Any]:
    """How many tokens there are, past and new, as GroupQueryAttention asks for it."""
    return [
        helper.make_node("ReduceSum", ["attention_mask", "sotto.one"], ["sotto.seen"], keepdims=0),
        helper.make_node("Sub", ["sotto.seen", "sotto.one"], ["sotto.last"]),
        helper.make_node("Cast", ["sotto.last"], ["sotto.seqlens_k"], to=TensorProto.INT32),
        helper.make_node("Shape", ["attention_mask"], ["sotto.mask_shape"]),
        helper.make_node("Gather", ["sotto.mask_shape", "sotto.second"], ["sotto.mask_length"]),
        helper.make_node("Cast", ["sotto.mask_length"], ["sotto.total"], to=TensorProto.INT32),
    ]


def _numbers() -> list[Any]:
    return [
        numpy_helper.from_array(np.array([1], np.int64), "sotto.one"),
        numpy_helper.from_array(np.array(1, np.int64), "sotto.second"),
        numpy_helper.from_array(np.array([0, 0, -1], np.int64), "sotto.joined"),
    ]


def _attention(
    view: GraphView, name: str, layer: _Layer, rotations: tuple[Rotation, Rotation] | None
) -> tuple[list[Any], list[Any]]:
    """Nodes and weights of one layer; the attention turns query and key itself where it knows how."""
    query, key = (each.source for each in rotations) if rotations else (layer.query, layer.key)
    joined = join_projections(view, (query, key, layer.value), f"{name}.qkv") if rotations else None
    if joined:
        rows, parts, weights = joined.nodes, [joined.output, "", ""], joined.weights
    else:
        rows, parts = _separate_rows(name, (query, key, layer.value))
        weights = []
    tables = [rotations[0].cos_name, rotations[0].sin_name] if rotations else []
    attention = helper.make_node(
        "GroupQueryAttention",
        [*parts, *layer.past, "sotto.seqlens_k", "sotto.total", *tables],
        [layer.end.output[0], *layer.present],
        name=name,
        domain=MICROSOFT,
        num_heads=layer.num_heads,
        kv_num_heads=layer.num_kv_heads,
        scale=layer.scale,
        do_rotary=int(rotations is not None),
    )
    return [*rows, attention], weights


def _separate_rows(name: str, tensors: tuple[str, str, str]) -> tuple[list[Any], list[str]]:
    """Query, key and value as rows. Transposes that undo the exporter's are left to onnxruntime, which drops both."""
    rows: list[Any] = []
    parts = [f"{name}.{part}" for part in ("query", "key", "value")]
    for part, tensor in zip(parts, tensors, strict=True):
        turned = f"{part}.turned"
        rows.append(helper.make_node("Transpose", [tensor], [turned], name=turned, perm=[0, 2, 1, 3]))
        rows.append(helper.make_node("Reshape", [turned, "sotto.joined"], [part], name=part))
    return rows, parts
