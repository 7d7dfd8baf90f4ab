"""Writes manifest.json next to an export: its files with their hashes, and how the model is prompted.

    PYTHONPATH=onnx_models python -m recipe.export.manifest MODEL_DIR --name sotto-7m --description "..."

Started again without one of them it keeps what is written there and renews the hashes. --min-probability is what the
evaluation calls the threshold of the more probable half, or another that its table speaks for.
"""

import argparse
import json
from pathlib import Path

from recipe.corpus.vocabulary import CONTROL
from sotto_engine.model_files.manifest import MANIFEST_NAME, Manifest, ModelFile
from sotto_models.preparing.external_data import DATA_NAME, GRAPH_NAME

_TOKENIZER_NAME = "tokenizer.json"
_CONTEXT_LENGTH = 1024


def describe(model_dir: Path, name: str, description: str, min_probability: float = 0.0) -> Manifest:
    """The manifest of a model of this recipe, with sizes and hashes of the files that lie in `model_dir`."""
    names = [GRAPH_NAME, DATA_NAME, _TOKENIZER_NAME]
    present = [each for each in names if (model_dir / each).exists()]  # an inline export has no data file
    return Manifest(
        directory=model_dir,
        name=name,
        description=description,
        licence="Apache-2.0",
        graph=GRAPH_NAME,
        tokenizer=_TOKENIZER_NAME,
        files=tuple(ModelFile.of(model_dir, each) for each in present),
        context_length=_CONTEXT_LENGTH,
        fim_family="qwen",
        fim_order="suffix-first",
        fim_header=False,
        stop_ids=tuple(range(len(CONTROL))),
        good_for=("inline-completion", "types"),
        min_probability=min_probability,
        model_type="qwen2",
        languages=("python",),
    )


def write_manifest(model_dir: Path, name: str, description: str, min_probability: float = 0.0) -> Path:
    path = model_dir / MANIFEST_NAME
    path.write_text(describe(model_dir, name, description, min_probability).as_json(), encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model_dir", type=Path)
    parser.add_argument("--name")
    parser.add_argument("--description")
    parser.add_argument("--min-probability", type=float)
    arguments = parser.parse_args()
    path = arguments.model_dir / MANIFEST_NAME
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    name, description = arguments.name or kept.get("name"), arguments.description or kept.get("description")
    if not name or not description:
        parser.error(f"{path} does not say what the model is; give --name and --description.")
    min_probability = arguments.min_probability
    if min_probability is None:
        min_probability = kept.get("min_probability", 0.0)
    print(write_manifest(arguments.model_dir, name, description, min_probability))


if __name__ == "__main__":
    main()
