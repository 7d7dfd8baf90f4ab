"""Writes manifest.json beside an export: its files with their hashes, and how the model is prompted.

PYTHONPATH=onnx_models python -m recipe.manifest onnx_models/sotto_models/embedded
"""

import argparse
import hashlib
import json
from pathlib import Path

from recipe.export import DATA_NAME, GRAPH_NAME

MANIFEST_NAME = "manifest.json"
_TOKENIZER_NAME = "tokenizer.json"
# Ids 0-7 of the seed's tokenizer: the end of text and the FIM, file and cursor marks; each ends a completion.
_CONTROL_IDS = list(range(8))


def seed_manifest(model_dir: Path) -> dict:
    """The interim seed model's manifest, with sizes and hashes of the files that lie in `model_dir`."""
    names = [GRAPH_NAME, DATA_NAME, _TOKENIZER_NAME]
    present = [name for name in names if (model_dir / name).exists()]  # an inline export has no data file
    return {
        "format": 1,
        "name": "sotto-seed-16m",
        "description": "Interim 15.7M-parameter fill-in-the-middle model for Python, trained from scratch.",
        "licence": "Apache-2.0",
        "model_type": "qwen2",
        "files": {name: _describe(model_dir / name) for name in present},
        "graph": GRAPH_NAME,
        "tokenizer": _TOKENIZER_NAME,
        "context_length": 1024,
        "fim": {"family": "qwen", "order": "suffix-first", "header": False},
        "stop_ids": _CONTROL_IDS,
        "languages": ["python"],
        "good_for": ["inline-completion"],
    }


def write_manifest(model_dir: Path) -> Path:
    path = model_dir / MANIFEST_NAME
    path.write_text(json.dumps(seed_manifest(model_dir), indent=2) + "\n", encoding="utf-8")
    return path


def _describe(path: Path) -> dict[str, str | int]:
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "nbytes": len(content)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model_dir", type=Path)
    print(write_manifest(parser.parse_args().model_dir))


if __name__ == "__main__":
    main()
