"""Training rows: documents cut into pieces, most of them turned into fill-in-the-middle, packed without padding.

    PYTHONPATH=onnx_models python -m recipe.pack --cache CACHE --epochs 2

Writes CACHE/train.bin and CACHE/validation-KIND.bin: uint16 token ids, rows of --length + 1 (a row's last token is
the next row's first). Each epoch cuts the same text anew.
"""

import argparse
import json
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from recipe.cuts import Cut, cut

FIM_SHARE = 0.85
"""At 90 % nothing is lost left to right, and infilling gains (arXiv 2207.14255)."""
SUFFIX_FIRST_SHARE = 0.6
"""The order the server asks in; the rest is prefix, suffix, middle with text behind the middle token: the anchor."""
HEADER_SHARE = 0.5
SNIPPET_SHARE = 0.15
KINDS = ("line", "mid-line", "block", "left-to-right")
_MAX_ANCHOR_CHARS = 400
_END, _PREFIX, _SUFFIX, _MIDDLE, _SEPARATOR = 0, 1, 2, 3, 6


class Packer:
    """Turns one document after the other into token ids; all randomness comes from the seed."""

    def __init__(self, tokenizer: Tokenizer, seed: int) -> None:
        self._tokenizer = tokenizer
        self._dice = random.Random(seed)
        self._last_piece = ("", "")

    def pieces(self, text: str) -> Iterator[str]:
        """Stretches of whole lines of 1,000 to 3,600 characters, short rests left out."""
        piece, limit = "", self._dice.randint(1000, 3600)
        for line in text.splitlines(keepends=True):
            piece += line
            if len(piece) > limit:
                yield piece
                piece, limit = "", self._dice.randint(1000, 3600)
        if len(piece) > 200:
            yield piece

    def row_ids(self, path: str, piece: str) -> list[int]:
        """One training example with its end token."""
        header = self._header(path)
        self._last_piece = (path, piece)
        if self._dice.random() >= FIM_SHARE:
            return [*header, *self._encode(piece), _END]
        return [*header, *self.fim_ids(cut(piece, self._dice)), _END]

    def fim_ids(self, parts: Cut) -> list[int]:
        """Suffix-first, or anchored: what stood behind the anchor goes behind the middle token, as when typing."""
        suffix, middle = self._encode(parts.suffix), self._encode(parts.middle)
        if self._dice.random() < SUFFIX_FIRST_SHARE:
            return [_PREFIX, _SUFFIX, *suffix, _MIDDLE, *self._encode(parts.prefix), *middle]
        anchor = len(parts.prefix) - self._dice.randint(0, min(_MAX_ANCHOR_CHARS, len(parts.prefix)))
        fixed, typed = parts.prefix[:anchor], parts.prefix[anchor:]
        return [_PREFIX, *self._encode(fixed), _SUFFIX, *suffix, _MIDDLE, *self._encode(typed), *middle]

    def _header(self, path: str) -> list[int]:
        """The file's name, and now and then a piece of the file before it, as the server puts snippets in front."""
        ids: list[int] = []
        if self._dice.random() >= HEADER_SHARE:
            return ids
        if self._last_piece[1] and self._dice.random() < SNIPPET_SHARE / HEADER_SHARE:
            other, text = self._last_piece
            ids += [_SEPARATOR, *self._encode(f"{Path(other).name}\n{text[:600]}\n")]
        return [*ids, _SEPARATOR, *self._encode(f"{Path(path).name}\n")]

    def _encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--length", type=int, default=1024)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--validation-rows", type=int, default=24, help="of each kind")
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(arguments.cache / "tokenizer.json"))
    tokenizer.encode_special_tokens = True  # a control token spelled out in code is text
    pack_validation(tokenizer, arguments.cache, arguments.length, arguments.validation_rows)
    num_rows = pack_training(tokenizer, arguments.cache, arguments.length, arguments.epochs)
    print(f"{num_rows} rows, {num_rows * arguments.length / 1e6:.1f} M tokens")


def pack_training(tokenizer: Tokenizer, cache: Path, length: int, epochs: int) -> int:
    """Write train.bin; the number of rows. Files are taken in an order that a checksum of their path decides."""
    files = list(_files(cache / "corpus.jsonl"))
    files.sort(key=lambda file: zlib.crc32(f"{file['package']}/{file['path']}".encode()))
    num_rows = 0
    with (cache / "train.bin").open("wb") as out:
        for epoch in range(epochs):
            packer = Packer(tokenizer, seed=epoch)
            buffer: list[int] = []
            for file in files:
                for piece in packer.pieces(file["text"]):
                    buffer += packer.row_ids(file["path"], piece)
                while len(buffer) > length:
                    np.array(buffer[: length + 1], np.uint16).tofile(out)
                    buffer = buffer[length:]
                    num_rows += 1
    return num_rows


def pack_validation(tokenizer: Tokenizer, cache: Path, length: int, num_rows: int) -> None:
    """Write a file for each kind of question, on packages that are held out. Rows are padded with the end token."""
    pieces = [
        (file["path"], piece)
        for file in _files(cache / "held_out.jsonl")
        for piece in Packer(tokenizer, seed=0).pieces(file["text"])
    ]
    random.Random(5).shuffle(pieces)
    for kind in KINDS:
        packer, dice = Packer(tokenizer, seed=3), random.Random(4)
        rows: list[np.ndarray] = []
        for _, piece in pieces:
            parts = next((c for c in (cut(piece, dice) for _ in range(40)) if c.kind == kind), None)
            ids = packer._encode(piece) if parts is None else packer.fim_ids(parts)
            if (kind == "left-to-right") == (parts is None) and len(ids) <= length:
                rows.append(np.array([*ids, *[_END] * (length + 1 - len(ids))], np.uint16))
            if len(rows) == num_rows:
                break
        np.array(rows, np.uint16).tofile(cache / f"validation-{kind}.bin")


def _files(path: Path) -> Iterator[dict[str, str]]:
    with path.open() as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    main()
