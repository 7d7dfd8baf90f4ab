"""Looks in the packed rows for what must not be learned, in case the steps before let it through.

    PYTHONPATH=onnx_models python -m recipe.corpus.audit --cache CACHE \
        --benchmark HumanEval-SingleLineInfilling.jsonl.gz

Decodes the rows and fails if one quotes a benchmark, is half made of held-out lines, or comes from a package that is
held out or banned.
"""

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from recipe.corpus.clean import Deduplicator
from recipe.corpus.collect import BANNED, HELD_OUT
from recipe.corpus.decontaminate import Benchmark
from recipe.corpus.library import Library
from recipe.corpus.pack import load_tokenizer


@dataclass
class Findings:
    """What was found where it must not be: row numbers and packages."""

    num_rows: int = 0
    benchmark_rows: list[int] = field(default_factory=list)
    held_out_rows: list[int] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.benchmark_rows or self.held_out_rows or self.packages)


def audit(rows: np.ndarray, tokenizer: Tokenizer, held_out: list[str], benchmark: Benchmark) -> Findings:
    """Read every row of uint16 ids `[rows, length + 1]` as text."""
    seen = Deduplicator()
    for text in held_out:
        seen.is_new(text)
    findings = Findings(len(rows))
    for number, row in enumerate(rows):
        text = tokenizer.decode(row.tolist(), skip_special_tokens=True)
        if benchmark.contaminates(text):
            findings.benchmark_rows.append(number)
        if seen.is_copy(text):
            findings.held_out_rows.append(number)
    return findings


def forbidden_packages(sources: Path) -> list[str]:
    """Of the packages that train.sources.jsonl names, those that may not be there."""
    with sources.open(encoding="utf-8") as lines:
        packages = {json.loads(line)[1] for line in lines}
    return sorted(packages & (HELD_OUT | BANNED))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder of held_out.jsonl and tokenizer.json")
    parser.add_argument("--rows", type=Path, help="folder of train.bin, CACHE by default")
    parser.add_argument("--benchmark", type=Path, action="append", default=[])
    parser.add_argument("--length", type=int, default=1024)
    parser.add_argument("--every", type=int, default=1, help="read every Nth row only")
    arguments = parser.parse_args()
    folder = arguments.rows or arguments.cache
    rows = np.memmap(folder / "train.bin", np.uint16, "r").reshape(-1, arguments.length + 1)
    held_out = [document.text for document in Library.read(arguments.cache / "held_out.jsonl").documents]
    findings = audit(
        rows[:: arguments.every],
        load_tokenizer(arguments.cache / "tokenizer.json"),
        held_out,
        Benchmark.load(arguments.benchmark),
    )
    findings.packages = forbidden_packages(folder / "train.sources.jsonl")
    print(findings)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
