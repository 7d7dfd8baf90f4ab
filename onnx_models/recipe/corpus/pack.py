"""Training rows: documents cut into pieces, most of them turned into fill-in-the-middle, each whole in one row.

    PYTHONPATH=onnx_models python -m recipe.corpus.pack --cache CACHE --epochs 2

Writes train.bin and validation-KIND.bin: uint16 token ids, rows of --length + 1. An example never runs over the end
of a row: what the middle has to be filled from is always in sight. Each epoch cuts the same text in new places.
train.sources.jsonl lists the documents, for the audit.
"""

import argparse
import json
import multiprocessing
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from recipe.corpus.collect import PACKAGES, read_repeats
from recipe.corpus.cuts import cut
from recipe.corpus.examples import END, PAD, ExampleMaker
from recipe.corpus.library import Document, Library, Related

SNIPPET_SHARE = 0.15
KINDS = ("line", "mid-line", "block", "left-to-right")
_MIN_ROOM_SHARE = 1 / 8
"""A row with a smaller share of room than this is padded."""
_MIN_PIECE_CHARS = 240
_ATTEMPTS = 3
_CHARS_PER_TOKEN = 3.3
_FUNCTION = re.compile(r"^(?:async )?def .*\n(?:(?:[ \t)#].*)?\n)*", re.MULTILINE)
_MIN_FUNCTION_SHARE = 0.6


@dataclass(frozen=True)
class Slice:
    """One process's share of an epoch."""

    tokenizer: Path
    out: Path
    length: int
    epoch: int
    number: int
    num_slices: int


@dataclass(frozen=True)
class Selection:
    """Which documents an epoch takes: a few large packages would be most of what a short run sees."""

    max_chars: float
    """Of one package, once; the documents that come first are taken."""
    repeats: Mapping[str, int]
    """How often a package is taken, cut in new places each time; once unless named."""
    max_other_chars: float = float("inf")
    """Where it is given, documents that are not mostly plain functions are counted by themselves, up to so many."""

    def of(self, documents: list[Document]) -> list[Document]:
        """The documents to pack, in their order; a repetition comes one round later."""
        chars: Counter[tuple[str, bool]] = Counter()
        chosen: list[Document] = []
        for document in documents:
            is_other = self.max_other_chars < float("inf") and not has_plain_functions(document)
            chars[document.package, is_other] += len(document.text)
            if chars[document.package, is_other] <= (self.max_other_chars if is_other else self.max_chars):
                chosen.append(document)
        rounds = max((1, *self.repeats.values()))
        return [
            document
            for number in range(rounds)
            for document in chosen
            if number < self.repeats.get(document.package, 1)
        ]


EVERYTHING = Selection(float("inf"), {})


def has_plain_functions(document: Document) -> bool:
    """Whether most of it is functions of a module: no class, no test, nothing that is mostly glue."""
    num_chars = sum(len(match[0]) for match in _FUNCTION.finditer(document.text))
    return num_chars >= _MIN_FUNCTION_SHARE * len(document.text) and "test" not in document.path.lower()


def pieces(text: str, dice: random.Random, length: int) -> Iterator[str]:
    """Stretches of whole lines, from a few to somewhat more than a row holds; short rests left out."""
    longest = length * _CHARS_PER_TOKEN * 1.2

    def drawn() -> float:
        return longest if dice.random() < 0.35 else dice.uniform(longest / 8, longest)

    piece, limit = "", drawn()
    for line in text.splitlines(keepends=True):
        if len(piece) + len(line) > limit and len(piece) > _MIN_PIECE_CHARS:
            yield piece
            piece, limit = "", drawn()
        piece += line
    if len(piece) > _MIN_PIECE_CHARS:
        yield piece


class RowPacker:
    """Fills rows of `length + 1` ids with whole examples; what is left over is padding."""

    def __init__(self, length: int) -> None:
        self._size = length + 1
        self._row: list[int] = []

    @property
    def room(self) -> int:
        """Ids that the open row still takes."""
        return self._size - len(self._row)

    @property
    def num_used(self) -> int:
        """Ids in the open row."""
        return len(self._row)

    def add(self, ids: list[int]) -> np.ndarray | None:
        """Put an example into the open row; the row, if it is full now."""
        self._row += ids
        return self.close() if self.room < self._size * _MIN_ROOM_SHARE else None

    def close(self) -> np.ndarray:
        """The open row, padded; a new one is opened."""
        row = np.full(self._size, PAD, np.uint16)
        row[: len(self._row)] = self._row
        self._row = []
        return row


def rows_of(
    library: Library, documents: list[Document], tokenizer: Tokenizer, dice: random.Random, length: int
) -> Iterator[np.ndarray]:
    """Rows of the documents, in their order."""
    maker, packer = ExampleMaker(tokenizer, dice), RowPacker(length)
    for document in documents:
        for piece in pieces(document.text, dice, length):
            has_snippets = dice.random() < SNIPPET_SHARE
            related = library.related(document, piece, dice.randint(1, 3), dice) if has_snippets else []
            ids = _first_that_fits(maker, document.path, piece, related, packer.room)
            if ids is None and packer.num_used:
                yield packer.close()
                ids = _first_that_fits(maker, document.path, piece, related, packer.room)
            if ids and (row := packer.add(ids)) is not None:
                yield row
    if packer.num_used:
        yield packer.close()


def _first_that_fits(
    maker: ExampleMaker, path: str, piece: str, related: list[Related], room: int
) -> list[int] | None:
    """A few throws of the dice: another cut of the same piece may have a shorter middle."""
    examples = (maker.example(path, piece, related, room) for _ in range(_ATTEMPTS))
    return next(filter(None, examples), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder of corpus.jsonl and tokenizer.json")
    parser.add_argument("--out", type=Path, help="folder for the rows, CACHE by default")
    parser.add_argument("--length", type=int, default=1024)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument(
        "--first-epoch",
        type=int,
        default=0,
        help="another one than rows packed before: other text, other cuts",
    )
    parser.add_argument(
        "--cap",
        type=float,
        default=float("inf"),
        help="characters of a package an epoch, as 2e6; all by default",
    )
    parser.add_argument(
        "--other-cap",
        type=float,
        default=float("inf"),
        help="count files that are not mostly plain functions by themselves, up to so many",
    )
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--validation-rows", type=int, default=64, help="of each kind")
    arguments = parser.parse_args()
    out = arguments.out or arguments.cache
    out.mkdir(parents=True, exist_ok=True)
    pack_validation(arguments.cache, out, arguments.length, arguments.validation_rows)
    selection = Selection(arguments.cap, read_repeats(PACKAGES), arguments.other_cap)
    epochs = range(arguments.first_epoch, arguments.first_epoch + arguments.epochs)
    num_rows = pack_training(arguments.cache, out, arguments.length, epochs, arguments.processes, selection)
    print(f"{num_rows} rows, {num_rows * arguments.length / 1e6:.1f} M tokens")


def pack_training(
    cache: Path,
    out: Path,
    length: int,
    epochs: range,
    num_slices: int = 1,
    selection: Selection = EVERYTHING,
) -> int:
    """Write train.bin and train.sources.jsonl; the number of rows."""
    num_bytes = 0
    tokenizer_path = cache / "tokenizer.json"
    with (out / "train.partial").open("wb") as rows, (out / "train.sources.jsonl").open("w") as sources:
        for epoch in epochs:
            slices = [Slice(tokenizer_path, out, length, epoch, number, num_slices) for number in range(num_slices)]
            global _library, _chosen  # noqa: PLW0603 - forked processes read them without a copy each
            _library = Library.read(cache / "corpus.jsonl", seed=epoch)
            _chosen = selection.of(_library.documents)
            if num_slices == 1:
                written = [_pack_slice(slices[0])]
            else:
                with multiprocessing.get_context("fork").Pool(num_slices) as pool:
                    written = pool.map(_pack_slice, slices)
            for path in written:
                num_bytes += path.stat().st_size
                with path.open("rb") as part:
                    shutil.copyfileobj(part, rows)
                path.unlink()
            for document in _chosen:
                sources.write(json.dumps([epoch, document.package, document.path]) + "\n")
    (out / "train.partial").replace(out / "train.bin")
    return num_bytes // (2 * (length + 1))


def pack_validation(cache: Path, out: Path, length: int, num_rows: int) -> None:
    """Write a file for each kind of question, on packages that are held out: one example a row, padded."""
    tokenizer = load_tokenizer(cache / "tokenizer.json")
    dice = random.Random(5)
    library = Library.read(cache / "held_out.jsonl", seed=5)
    all_pieces = [piece for document in library.documents for piece in pieces(document.text, dice, length)]
    dice.shuffle(all_pieces)
    for kind in KINDS:
        dice = random.Random(4)
        maker = ExampleMaker(tokenizer, dice)
        rows: list[np.ndarray] = []
        for piece in all_pieces:
            parts = next((c for c in (cut(piece, dice) for _ in range(40)) if c.kind == kind), None)
            if kind == "left-to-right":
                ids = [*tokenizer.encode(piece, add_special_tokens=False).ids[:length], END]
            else:
                ids = parts and maker.fim_parts(parts).ids(length + 1)
            if ids:
                packer = RowPacker(length)
                full = packer.add(ids)
                rows.append(packer.close() if full is None else full)
            if len(rows) == num_rows:
                break
        np.array(rows, np.uint16).tofile(out / f"validation-{kind}.bin")


def load_tokenizer(path: Path) -> Tokenizer:
    """The trained vocabulary; a control token spelled out in code is text."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    return tokenizer


_library: Library
_chosen: list[Document]


def _pack_slice(job: Slice) -> Path:
    tokenizer = load_tokenizer(job.tokenizer)
    documents = _chosen[job.number :: job.num_slices]
    path = job.out / f"train-{job.epoch}-{job.number}.partial"
    with path.open("wb") as out:
        for row in rows_of(_library, documents, tokenizer, random.Random(f"{job.epoch} {job.number}"), job.length):
            row.tofile(out)
    return path


if __name__ == "__main__":
    main()
