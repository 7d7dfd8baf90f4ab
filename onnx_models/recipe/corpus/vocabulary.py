"""The tokenizer: byte-level BPE for code, trained on the corpus.

    PYTHONPATH=onnx_models python -m recipe.corpus.vocabulary --cache CACHE --size 8192

A newline with its indentation is one token, digits stand one by one, an identifier takes the space before it along.
"""

import argparse
import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

CONTROL = (
    *("<|endoftext|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|fim_pad|>", "<|repo_name|>"),
    *("<|file_sep|>", "<|cursor|>", "<|fix|>", "<|types|>", "<|docstring|>", "<|rename|>"),
    *(f"<|reserved_{number}|>" for number in range(4)),
)
"""Ids 0 to 15, spelled like Qwen's where Qwen has them; the four edit tasks, and four for what comes."""
_PIECES = r"\r?\n[ \t]*|[ ]?[A-Za-z_]+|\d|[ ]?[^\sA-Za-z_\d]+|[ \t]+|\s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--size", type=int, default=8192)
    parser.add_argument("--files", type=int, default=5000, help="how many files of the corpus to learn from")
    arguments = parser.parse_args()
    texts = sample(arguments.cache / "corpus.jsonl", arguments.files, seed=1)
    tokenizer = train(texts, arguments.size)
    tokenizer.save(str(arguments.cache / "tokenizer.json"))
    held_out = sample(arguments.cache / "held_out.jsonl", 200, seed=2)
    print(
        f"{tokenizer.get_vocab_size()} tokens, {chars_per_token(tokenizer, held_out):.2f} characters a token held out"
    )


def train(texts: list[str], size: int) -> Tokenizer:
    """BPE merges by frequency; the control tokens come first."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(CONTROL), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def sample(path: Path, num_files: int, seed: int) -> list[str]:
    """Texts of some files, the same ones each time (Vitter's reservoir sampling)."""
    dice = random.Random(seed)
    chosen: list[str] = []
    for number, text in enumerate(_texts(path)):
        if len(chosen) < num_files:
            chosen.append(text)
        elif (place := dice.randrange(number + 1)) < num_files:
            chosen[place] = text
    return chosen


def chars_per_token(tokenizer: Tokenizer, texts: list[str]) -> float:
    num_tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(texts))
    return sum(map(len, texts)) / num_tokens


def _texts(path: Path) -> Iterator[str]:
    with path.open() as lines:
        yield from (json.loads(line)["text"] for line in itertools.filterfalse(str.isspace, lines))


if __name__ == "__main__":
    main()
