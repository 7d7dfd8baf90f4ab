"""How large a vocabulary? Characters a token on held-out code, and what the head then costs, as one table.

    PYTHONPATH=onnx_models python -m recipe.train.vocabulary_size --cache CACHE --sizes 8192 12288 16384 --shape cpu

Each size is trained on the corpus; the passes are those of an int8 export with random weights.
"""

import argparse
import tempfile
import tomllib
from pathlib import Path

import torch

from recipe.corpus.vocabulary import chars_per_token, sample, train
from recipe.export.export import read_checkpoint, write_export
from recipe.export.quantize import SCHEMES
from recipe.export.timing import CONTEXT, PASS_SIZES, measure_speeds
from recipe.train.architecture import Decoder, save_checkpoint
from recipe.train.train import SHAPES, make_config

_SCHEME = SCHEMES["int8-b32"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder of corpus.jsonl and held_out.jsonl")
    parser.add_argument("--sizes", type=int, nargs="+", default=[8192, 12_288, 16_384])
    parser.add_argument("--shape", default="cpu", help="a table of shapes.toml, its vocabulary aside")
    parser.add_argument("--files", type=int, default=5000, help="how many files of the corpus to learn from")
    arguments = parser.parse_args()
    texts = sample(arguments.cache / "corpus.jsonl", arguments.files, seed=1)
    held_out = sample(arguments.cache / "held_out.jsonl", 200, seed=2)
    compression = {size: chars_per_token(train(texts, size), held_out) for size in arguments.sizes}
    pass_ms = measure_pass_ms(tomllib.loads(SHAPES.read_text())[arguments.shape], arguments.sizes)
    print("| vocabulary | characters a token | a pass of 1 token, ms | ms for 100 characters |")
    print("|---|---|---|---|")
    for size in arguments.sizes:
        cost = 100 * pass_ms[size] / compression[size]
        print(f"| {size:,} | {compression[size]:.2f} | {pass_ms[size]:.2f} | {cost:.1f} |")


def measure_pass_ms(proportions: dict[str, int], sizes: list[int]) -> dict[int, float]:
    """Median milliseconds of a decode step after 1,024 tokens, by vocabulary size, variants interleaved."""
    with tempfile.TemporaryDirectory() as folder:
        paths: dict[str, Path] = {}
        for size in sizes:
            checkpoint = Path(folder) / f"checkpoint-{size}"
            save_checkpoint(Decoder(make_config(**{**proportions, "vocabulary": size})), checkpoint)
            paths[str(size)] = write_export(*read_checkpoint(checkpoint), _SCHEME, Path(folder) / str(size))
        ids = torch.randint(0, min(sizes), (CONTEXT + max(PASS_SIZES),)).tolist()
        return {int(name): speed.pass_ms[1] for name, speed in measure_speeds(paths, ids).items()}


if __name__ == "__main__":
    main()
