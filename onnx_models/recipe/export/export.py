"""Writes one ONNX export of a Qwen2-style checkpoint: graph, quantized weights, optionally as external data.

PYTHONPATH=onnx_models python -m recipe.export.export CHECKPOINT OUTPUT_DIR --scheme mixed-b32 --max-positions 2048
"""

import argparse
from dataclasses import replace
from pathlib import Path

from recipe.export.decoder_config import Checkpoint, Weights, read_config, read_weights
from recipe.export.quantize import SCHEMES, Scheme
from sotto_models.decoder.builder import write_graph
from sotto_models.decoder.description import DecoderDescription
from sotto_models.preparing.external_data import GRAPH_NAME


def read_checkpoint(directory: Path, max_positions: int | None = None) -> tuple[DecoderDescription, Weights]:
    """config.json and model.safetensors; `max_positions` shortens the rotary table of the export."""
    config = read_config(directory / "config.json")
    if max_positions is not None:
        config = replace(config, max_positions=min(max_positions, config.max_positions))
    return config, read_weights(directory / "model.safetensors")


def write_export(
    config: DecoderDescription, weights: Weights, scheme: Scheme, output_dir: Path, inline: bool = False
) -> Path:
    """Writes model.onnx, and model.onnx.data next to it unless `inline`; returns the graph's path."""
    return write_graph(Checkpoint(config, weights), scheme, output_dir, inline=inline)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="folder with config.json and model.safetensors")
    parser.add_argument("output_dir", type=Path)
    parser.add_argument("--scheme", choices=sorted(SCHEMES), default="int4-b32")
    parser.add_argument("--max-positions", type=int, help="longest context the rotary table serves")
    parser.add_argument("--inline", action="store_true", help="weights inside model.onnx")
    options = parser.parse_args()
    config, weights = read_checkpoint(options.checkpoint, options.max_positions)
    path = write_export(config, weights, SCHEMES[options.scheme], options.output_dir, options.inline)
    nbytes = sum(file.stat().st_size for file in path.parent.glob(f"{GRAPH_NAME}*"))
    print(f"{path}: {nbytes / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
