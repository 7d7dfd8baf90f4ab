"""One kind of edit after the other on real files, over stdio: what each costs, key by key.

    make bench NAME=traces [ARGS="--order anchored NAME ..."]

Every trace has a fresh server; the first question in each file, which computes its whole prompt, does not count,
except where it is what the trace is about.
"""

import argparse
import random
import statistics
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from benchmarks.keyboard import Buffer, Keyboard, Presses
from benchmarks.replay import Source, sources
from e2e.raw_client import RawClient

_HOLE_CHARS = 1200


def typing_along(keyboard: Keyboard) -> None:
    """A stretch in each of two files, one after the other."""
    for buffer in keyboard.buffers[:2]:
        keyboard.buffer = buffer
        keyboard.type_next(120)


def mistakes(keyboard: Keyboard) -> None:
    """Every sixth key is wrong and taken back."""
    dice = random.Random(1)
    for _ in range(30):
        keyboard.type_next(4)
        keyboard.press(dice.choice("xqz"))
        keyboard.erase(1)


def new_lines(keyboard: Keyboard) -> None:
    """Words at a time, as a popup completes them: every tenth key or so is Enter."""
    for _ in range(150):
        keyboard.press_next_word()


def accepts(keyboard: Keyboard) -> None:
    """Tab on whatever is shown after each four letters; what is wrong is undone."""
    buffer = keyboard.buffer
    for _ in range(40):
        keyboard.type_next(4)
        if keyboard.shown:
            accepted = keyboard.accept()
            if buffer.to_come.startswith(accepted):
                buffer.to_come = buffer.to_come[len(accepted) :]
            else:
                keyboard.undo()


def deletion(keyboard: Keyboard) -> None:
    """Twelve letters, then the last eight deleted at once or one by one, and typed again."""
    buffer = keyboard.buffer
    for number in range(8):
        keyboard.type_next(12)
        deleted = buffer.text[buffer.cursor - 8 : buffer.cursor]
        for _ in range(1 if number % 2 else 8):
            keyboard.erase(8 if number % 2 else 1)
        buffer.to_come = deleted + buffer.to_come


def undo(keyboard: Keyboard) -> None:
    """A word, a line, another word; all three taken back, and typed again."""
    for _ in range(12):
        for text in ("value", "\n        self.value = value", "\n        return"):
            keyboard.press(text)
        for _ in range(3):
            keyboard.undo()
        keyboard.type_next(3)


def paste(keyboard: Keyboard) -> None:
    """Six lines of the file put in at once, then typing on after them."""
    lines = keyboard.buffer.text.split("\n")
    for number in range(6):
        keyboard.press("\n" + "\n".join(lines[40 + 6 * number : 46 + 6 * number]) + "\n")
        keyboard.type_next(12)


def brackets(keyboard: Keyboard) -> None:
    """A call with nested brackets, each closed by the editor and typed over."""
    for name in ("items", "names", "self.cache", "value", "rows", "self._lock"):
        keyboard.press(f"\n        {name}")
        for pair in ("()", "[]", "()"):
            keyboard.press_pair(pair)
            for char in "key":
                keyboard.press(char)
        for _ in range(3):
            keyboard.go_to(keyboard.buffer.cursor + 1)


def jumps(keyboard: Keyboard) -> None:
    """To a place below that is seen for the first time, a few letters, back and a few more."""
    buffer = keyboard.buffer
    for number in range(8):
        here = buffer.cursor
        keyboard.go_to(buffer.text.index("\n", here + 1500 + 700 * number))
        for char in "  # a":
            keyboard.press(char)
        keyboard.go_to(here)
        keyboard.type_next(6)


def jumps_back(keyboard: Keyboard) -> None:
    """Between two places of one file, at each of which something is typed: only what was typed elsewhere is new."""
    buffer = keyboard.buffer
    here = buffer.cursor
    there = buffer.text.index("\n", here + 1500)
    for _ in range(10):
        keyboard.type_next(6)
        here, there = buffer.cursor, there + 6
        keyboard.go_to(there)
        for char in " + abc":
            keyboard.press(char)
        there = buffer.cursor
        keyboard.go_to(here)


def two_files(keyboard: Keyboard) -> None:
    """A few letters in one, a few in the other."""
    for number in range(24):
        keyboard.switch_to(keyboard.buffers[number % 2])
        keyboard.type_next(8)


def changes_below(keyboard: Keyboard) -> None:
    """A letter in a line below the cursor, by another tool or another view of the file; and on with typing."""
    buffer = keyboard.buffer
    for number in range(12):
        line = buffer.text.index("\n", buffer.cursor + 60)
        keyboard.change_elsewhere(line, line, "xyz"[number % 3])
        keyboard.type_next(6)


TRACES: dict[str, Callable[[Keyboard], None]] = {
    "typing along": typing_along,
    "mistakes and backspaces": mistakes,
    "words and new lines": new_lines,
    "accepts, the wrong ones undone": accepts,
    "deletion": deletion,
    "undo": undo,
    "paste of six lines": paste,
    "brackets closed by the editor": brackets,
    "a change in a line below": changes_below,
    "jumps to new places in the file and back": jumps,
    "two places of one file in turn": jumps_back,
    "two files in turn": two_files,
}
_SHOWS_ALL = {"accepts, the wrong ones undone"}


def run(name: str, settings: dict[str, Any] | None = None) -> Presses:
    """One trace on a fresh server that prefetches nothing: its counts are the same every time."""
    options = {"lookAhead": "off", "warmStart": False, "budgetMs": 20_000} | (settings or {})
    if name in _SHOWS_ALL:
        options["minProbability"] = 0
    with RawClient.start([sys.executable, "-m", "sotto_lsp", "serve"]) as client:
        client.initialize(initializationOptions=options)
        keyboard = Keyboard(client, buffers())
        TRACES[name](keyboard)
        assert client.end() == 0
    return keyboard.presses


def buffers() -> list[Buffer]:
    """Two files of the standard library, a piece to write in each."""
    return [Buffer.of(Source(each.uri, each.text, _hole(each))) for each in sources()[1:3]]


def _hole(source: Source) -> slice:
    """Whole lines, so that the cursor stands at a line's end."""
    return slice(source.hole.start, source.text.index("\n", source.hole.start + _HOLE_CHARS))


HEAD = (
    "| | keys | p50 ms | p95 ms | max ms | tokens computed, p95 | from the cache | CPU seconds |\n"
    "|---|---|---|---|---|---|---|---|"
)


def row(name: str, presses: Presses) -> str:
    percent = statistics.quantiles(presses.latencies_ms, n=100, method="inclusive")
    cells = [f"{ms:.1f}" for ms in (percent[49], percent[94], max(presses.latencies_ms))]
    counts = [f"{presses.computed_p95:.0f}", f"{presses.cached_share:.1%}", f"{presses.cpu_seconds:.2f}"]
    return " | ".join([f"| {name}", str(len(presses.latencies_ms)), *cells, *counts]) + " |"


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TRACES))
    parser.add_argument("--order", default="", help="suffix-first or anchored; the model's own without it")
    options = parser.parse_args()
    print(HEAD)
    for name in options.names or TRACES:
        print(row(name, run(name, {"fimOrder": options.order})), flush=True)
