"""A checkpoint to go on from, out of an export of this recipe whose run is gone: the weights as its kernels see them.

    PYTHONPATH=onnx_models python -m recipe.train.restore onnx_models/sotto_models/embedded CHECKPOINT
    PYTHONPATH=onnx_models python -m recipe.train.train --from-checkpoint CHECKPOINT --seen 82e6 ...

What quantization rounded off stays lost, which in int8 is nothing that shows (docs/embedded-model.md).
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from recipe.train.architecture import Decoder, save_checkpoint
from sotto_models.decoder.description import DecoderDescription
from sotto_models.quantizing.blockwise import QuantizedMatrix, dequantize

_ROPE_THETA = 10_000.0
"""What `recipe.train.train` builds; the export holds the table only."""


class _Export:
    """The constants of an export and the attributes of its operators."""

    def __init__(self, path: Path) -> None:
        graph = onnx.load(path).graph
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._attributes = {
            node.output[0]: {item.name: helper.get_attribute_value(item) for item in node.attribute}
            for node in graph.node
        }

    def __contains__(self, name: str) -> bool:
        return name in self._constants

    def constant(self, name: str) -> NDArray:
        return numpy_helper.to_array(self._constants[name])

    def attributes(self, output: str) -> dict:
        return self._attributes[output]

    def matrix(self, name: str, product: str) -> NDArray[np.float32]:
        """The float32 [output, input] of a product, quantized or not."""
        if f"{name}.packed" not in self:
            return self.constant(f"{name}.weight" if f"{name}.weight" in self else name)
        of = self.attributes(product)
        packed, scales = self.constant(f"{name}.packed"), self.constant(f"{name}.scales")
        return dequantize(QuantizedMatrix(packed, scales, of["bits"], of["block_size"], of["K"]))


def restore(graph: Path) -> Decoder:
    """The decoder whose export `graph` is; raises KeyError for a graph that this recipe did not write."""
    export = _Export(graph)
    attention = export.attributes("layers.0.attended")
    table = export.matrix("embedding", "logits")
    num_layers = next(layer for layer in range(1000) if f"layers.{layer}.mlp_norm" not in export)
    config = DecoderDescription(
        hidden_size=table.shape[1],
        intermediate_size=len(export.matrix("layers.0.gate_up", "layers.0.gate_up.out")) // 2,
        num_layers=num_layers,
        num_heads=attention["num_heads"],
        num_kv_heads=attention["kv_num_heads"],
        head_dim=2 * export.constant("cos_cache").shape[1],
        vocab_size=len(table),
        max_positions=4096,
        rope_theta=_ROPE_THETA,
        norm_eps=export.attributes("layers.0.normed")["epsilon"],
        tied_head=True,
    )
    weights = {
        "embed_tokens.weight": table,
        "norm.weight": export.constant(f"layers.{num_layers}.input_norm"),
    }
    sizes = np.cumsum([config.query_size, config.kv_size])
    for layer in range(num_layers):
        stored, name = f"layers.{layer}", f"layers.{layer}.self_attn"
        weights[f"{stored}.input_layernorm.weight"] = export.constant(f"{stored}.input_norm")
        weights[f"{stored}.post_attention_layernorm.weight"] = export.constant(f"{stored}.mlp_norm")
        matrix, bias = (
            export.matrix(f"{stored}.qkv", f"{stored}.qkv.out"),
            export.constant(f"{stored}.qkv.bias"),
        )
        for part, rows, offsets in zip("qkv", np.split(matrix, sizes), np.split(bias, sizes), strict=True):
            weights[f"{name}.{part}_proj.weight"], weights[f"{name}.{part}_proj.bias"] = rows, offsets
        weights[f"{name}.o_proj.weight"] = export.matrix(f"{stored}.o", f"{stored}.o.out")
        gate, up = np.split(export.matrix(f"{stored}.gate_up", f"{stored}.gate_up.out"), 2)
        weights[f"{stored}.mlp.gate_proj.weight"], weights[f"{stored}.mlp.up_proj.weight"] = gate, up
        weights[f"{stored}.mlp.down_proj.weight"] = export.matrix(f"{stored}.down", f"{stored}.down.out")
    decoder = Decoder(config)
    decoder.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    return decoder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder with an export of this recipe")
    parser.add_argument("checkpoint", type=Path, help="folder for config.json and model.safetensors")
    options = parser.parse_args()
    decoder = restore(options.model / "model.onnx")
    save_checkpoint(decoder, options.checkpoint)
    print(f"{options.checkpoint}: {sum(p.numel() for p in decoder.parameters()) / 1e6:.1f} M parameters")


if __name__ == "__main__":
    main()
