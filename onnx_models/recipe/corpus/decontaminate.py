"""Keeps the benchmarks out of the corpus: by entry point and by n-grams of their docstrings."""

import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path

_NGRAM = 10
_MIN_SHARED = 3
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Benchmark:
    """Names of the functions a benchmark asks for, and the word n-grams of its texts."""

    entry_points: frozenset[str]
    ngrams: frozenset[tuple[str, ...]]

    @classmethod
    def load(cls, paths: list[Path]) -> "Benchmark":
        """From files of rows with `entry_point` and `prompt` (HumanEval) or `code` and `text` (MBPP)."""
        names: set[str] = set()
        ngrams: set[tuple[str, ...]] = set()
        for path in paths:
            opener = gzip.open if path.suffix == ".gz" else open
            with opener(path, "rt", encoding="utf-8") as lines:
                for line in lines:
                    row = json.loads(line)
                    code = row.get("prompt", "") + row.get("canonical_solution", "") + row.get("code", "")
                    names |= {row["entry_point"]} if "entry_point" in row else set(re.findall(r"def (\w+)\(", code))
                    ngrams |= _ngrams(f"{row.get('text', '')} {code} {row.get('suffix', '')}")
        # Some of MBPP's answers are classes, and any class defines `__init__`.
        return cls(frozenset(name for name in names if not name.startswith("__")), frozenset(ngrams))

    def contaminates(self, text: str) -> bool:
        """Whether a file defines one of the functions in the benchmark's words, or quotes several of its n-grams."""
        shared = len(_ngrams(text) & self.ngrams)
        defines = any(name in self.entry_points for name in re.findall(r"def (\w+)\(", text))
        return shared >= _MIN_SHARED or (defines and shared >= 1)


def _ngrams(text: str) -> set[tuple[str, ...]]:
    """Ten words in a row, numbers among them but not alone: everybody counts to ten."""
    words = _WORD.findall(text.lower())
    ngrams = (tuple(words[i : i + _NGRAM]) for i in range(len(words) - _NGRAM + 1))
    return {ngram for ngram in ngrams if not all(map(str.isdigit, ngram))}
