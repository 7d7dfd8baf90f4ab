"""Opens a file or folder of weights, whatever kind it is."""

from pathlib import Path

from sotto_models.weights.gguf_file import GgufFile
from sotto_models.weights.safetensors_folder import SafetensorsFolder
from sotto_models.weights.source import WeightSource


def open_weights(source: Path) -> WeightSource:
    """Raises SottoError, a sentence, for what cannot be used."""
    return SafetensorsFolder(source) if source.is_dir() else GgufFile(source)
