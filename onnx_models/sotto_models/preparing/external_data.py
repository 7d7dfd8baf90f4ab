"""Where a graph's weights lie: in a file next to it, and inside its folder, or it is refused."""

from pathlib import Path
from typing import Any

import onnx as _onnx
from onnx import TensorProto

onnx: Any = _onnx  # typed in part only
GRAPH_NAME = "model.onnx"
DATA_NAME = "model.onnx.data"
_SMALL_NBYTES = 1024
"""A tensor below this stays in the graph."""


def save_graph(model: Any, output_dir: Path, *, inline: bool = False) -> Path:
    """Write the graph and, unless `inline`, its weights next to it; the graph's path. Onnx appends to a file that is
    there already, so an old one goes first."""
    output_dir.mkdir(parents=True, exist_ok=True)
    path = output_dir / GRAPH_NAME
    (output_dir / DATA_NAME).unlink(missing_ok=True)
    if inline:
        onnx.save_model(model, str(path))
    else:
        onnx.save_model(
            model, str(path), save_as_external_data=True, location=DATA_NAME, size_threshold=_SMALL_NBYTES
        )
    return path


def refuse_data_outside(model: Any, folder: Path) -> None:
    """Raise ValueError, naming the path, if external data leaves `folder` by an absolute path, `..` or a link."""
    root = folder.resolve()
    for tensor in model.graph.initializer:
        if tensor.data_location != TensorProto.EXTERNAL:
            continue
        location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
        if not location or not (folder / location).resolve().is_relative_to(root):
            raise ValueError(f"the graph's weights lie at {location!r}, outside its folder")
        if not (folder / location).is_file():
            raise ValueError(f"the graph's weights {location!r} are missing")
