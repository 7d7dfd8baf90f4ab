"""Tokenizing what stands in front of the cursor, key by key: from its last lines on, and all of it.

    make bench-tokenizing [TOKENIZERS="FILE FILE"]          the embedded model's, and others, each a tokenizer.json

Both encode the same text in turn at every key; see docs/benchmarks.md.
"""

import argparse
import inspect
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

import sotto_models
from sotto_engine.prompt.tokenizer import Tokenizer
from sotto_lsp.documents.window import WINDOW_CHARS

NUM_KEYS = 400


def seconds(encode: Callable[[str], object], text: str) -> float:
    start = time.perf_counter()
    encode(text)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tokenizers", type=Path, nargs="*", help="more of them")
    source = Path(inspect.getsourcefile(threading) or "").read_text(encoding="utf-8")
    for path in (sotto_models.embedded_model_dir() / "tokenizer.json", *parser.parse_args().tokenizers):
        tokenizer = Tokenizer.load(path)
        tokenizer.encode(source[:WINDOW_CHARS])
        pairs = [
            (seconds(tokenizer.encode, text), seconds(tokenizer._encode_words, text))
            for end in range(WINDOW_CHARS + 1, WINDOW_CHARS + NUM_KEYS)
            for text in [source[:end]]
        ]
        from_last_lines, whole = (statistics.median(times) * 1e3 for times in zip(*pairs, strict=True))
        quarters = statistics.quantiles((a / b for a, b in pairs), n=4)
        print(
            f"{path.parent.name}: {from_last_lines:.2f} ms from the last lines on, {whole:.2f} ms all of it; "
            f"ratio {quarters[1]:.3f} ({quarters[0]:.3f} to {quarters[2]:.3f})"
        )


if __name__ == "__main__":
    main()
