"""Syntax errors planted in real code of languages that tree-sitter parses: what is noticed, offered and found.

    PYTHONPATH=tests python -m benchmarks.parsed_repairs rust=~/src/ripgrep go=~/src/cobra --tasks 100

A sign is lost (7 of 10) or doubled. `noticed`: of these faults, the share that does not parse; the others count for
nothing more. `offered`: where the fault was made, *Fix syntax error here* is in the menu. `found`: the search finds
what was there before. `repairs`: how many it finds (median), which a model weighs; `first`: the first of them is what
was there. `parse`, `key`: 200,000 characters, whole and after one more. No model is loaded.
"""

import argparse
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.syntax.tree_sitter.find_parsed_error import find_parsed_error
from sotto_lsp.syntax.tree_sitter.grammar import grammar_of
from sotto_lsp.syntax.tree_sitter.parsed_repairs import parsed_repairs
from sotto_lsp.syntax.tree_sitter.syntax_tree import SyntaxTree

_SUFFIXES = {
    "c": (".c",),
    "cpp": (".cpp", ".hpp", ".h"),
    "go": (".go",),
    "java": (".java",),
    "javascript": (".js", ".mjs"),
    "rust": (".rs",),
    "typescript": (".ts",),
}
_SIGNS = re.compile(r"[\"'()\[\]{},;:=.]")
_COMMENT = re.compile(r"\s*(//|/?\*)")
_CHARS = range(400, 60_000)
_PARSE_S = 5.0
_LARGE = 200_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sources", nargs="+", help="LANGUAGE=FOLDER")
    parser.add_argument("--tasks", type=int, default=100, help="faults that do not parse, a language")
    options = parser.parse_args()
    names = [
        "",
        "files",
        *["noticed", "offered", "found", "repairs", "first"],
        "search s p50",
        "p95",
        "parse ms",
        "key ms",
    ]
    print(f"| {' | '.join(names)} |\n{'|---' * len(names)}|")
    for source in options.sources:
        language_id, folder = source.split("=", 1)
        texts = [
            text
            for text in _texts(Path(folder).expanduser(), language_id)
            if not _is_broken(text, language_id)
        ]
        print(_row(language_id, texts, options.tasks), flush=True)


def _texts(folder: Path, language_id: str) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name.endswith(_SUFFIXES[language_id]):
            text = path.read_text(encoding="utf-8", errors="ignore")
            if len(text) in _CHARS:
                yield text


def _is_broken(text: str, language_id: str) -> bool:
    grammar = grammar_of(language_id)
    tree = None if grammar is None else SyntaxTree.parsed(grammar, text, _PARSE_S)
    return tree is None or bool(tree.problems)


def _row(language_id: str, texts: list[str], num_tasks: int) -> str:
    dice = random.Random(7)
    num_planted = num_offered = num_found = num_first = num_tried = 0
    nums, times = [], []
    while num_tried < num_tasks:
        original = dice.choice(texts)
        planted = _planted(original, dice)
        if planted is None:
            continue
        num_planted += 1
        text, at = planted
        if not _is_broken(text, language_id):
            continue
        num_tried += 1
        lines = Lines(DocumentSnapshot.of(text, language_id=language_id, uri=f"planted:{num_tried}"))
        line = lines.snapshot.line_starts.line_of(min(at, len(text) - 1))
        target = find_parsed_error(lines, Place(line, line, at, at))
        if target is None:
            continue
        num_offered += 1
        start = time.perf_counter()
        repaired = [change.applied(text) for change in parsed_repairs(lines, target)]
        times.append(time.perf_counter() - start)
        nums.append(len(repaired))
        num_found += original in repaired
        num_first += repaired[:1] == [original]
    shares = (num_tried / num_planted, num_offered / num_tried, num_found / num_tried)
    cells = [language_id, len(texts), *(f"{share:.0%}" for share in shares), f"{median(nums):.0f}"]
    cells += [
        f"{num_first / num_tried:.0%}",
        f"{median(times):.2f}",
        f"{sorted(times)[len(times) * 95 // 100]:.2f}",
    ]
    return f"| {' | '.join(map(str, [*cells, *_speed(max(texts, key=len), language_id)]))} |"


def _speed(text: str, language_id: str) -> tuple[str, str]:
    """Milliseconds for a whole parse and for one after a key in the middle, the best of three."""
    large = (text * (_LARGE // len(text) + 1))[:_LARGE]
    wholes, keys = [], []
    for _ in range(3):
        start = time.perf_counter()
        tree = SyntaxTree.parsed(grammar_of(language_id), large, _PARSE_S)
        wholes.append(time.perf_counter() - start)
        start = time.perf_counter()
        tree.edited(_LARGE // 2, _LARGE // 2, "x", _PARSE_S)
        keys.append(time.perf_counter() - start)
    return f"{min(wholes) * 1e3:.0f}", f"{min(keys) * 1e3:.1f}"


def _planted(original: str, dice: random.Random) -> tuple[str, int] | None:
    """The text with a sign lost or doubled, and where; None in a comment that is a line."""
    sign = dice.choice(list(_SIGNS.finditer(original)))
    at = sign.start()
    if _COMMENT.match(original, original.rfind("\n", 0, at) + 1):
        return None
    wrong = "" if dice.random() < 0.7 else sign[0] * 2
    return original[:at] + wrong + original[sign.end() :], at


if __name__ == "__main__":
    main()
