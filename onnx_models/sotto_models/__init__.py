"""The model that Sotto carries: an ONNX graph, its tokenizer and a manifest that vouches for both."""

from importlib.resources import files
from pathlib import Path


def embedded_model_dir() -> Path:
    """The folder with manifest.json; wheels are unpacked when they are installed, so it is a real one."""
    return Path(str(files(__name__))) / "embedded"
