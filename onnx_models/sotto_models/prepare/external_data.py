"""Where a graph's weights lie: inside its folder, or it is refused."""

from pathlib import Path
from typing import Any

from onnx import TensorProto


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
