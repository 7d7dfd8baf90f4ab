"""Where a completion ends as text: line, block, stop string. Knows text and indentation, no tokens."""

from dataclasses import dataclass

from sotto_engine.request import FinishReason, StopAt

_BLOCK_OPENERS = (":", "{", "(", "[")


@dataclass(frozen=True)
class Cut:
    """Keep `text[:length]`."""

    length: int
    reason: FinishReason


@dataclass(frozen=True)
class StopRule:
    """The text rules of one completion; a pure function of what has been generated so far."""

    stop_at: StopAt
    stop_strings: tuple[str, ...]
    line_prefix: str
    """what stands before the cursor on its line"""

    def cut(self, text: str) -> Cut | None:
        """The earliest end within `text`, or None while no rule has decided."""
        cuts = [Cut(found, FinishReason.STOP_STRING) for stop in self.stop_strings if (found := text.find(stop)) >= 0]
        if self.stop_at is StopAt.LINE and (end := find_end_of_line(text)) is not None:
            cuts.append(Cut(end, FinishReason.LINE))
        elif self.stop_at is StopAt.BLOCK and (end := find_end_of_block(text, self.line_prefix)) is not None:
            cuts.append(Cut(end, FinishReason.BLOCK))
        return min(cuts, key=lambda cut: cut.length, default=None)

    def settled(self, text: str) -> int:
        """How much of `text` no later text can take back: a stop may be about to begin at its end."""
        length = len(text)
        for stop in self.stop_strings:
            for size in range(min(len(stop) - 1, len(text)), 0, -1):
                if text.endswith(stop[:size]):
                    length = min(length, len(text) - size)
                    break
        if self.stop_at is not StopAt.BUDGET:
            length = min(length, len(text.rstrip(" \t\r\n")))
        return length


def find_end_of_line(text: str) -> int | None:
    """Where the first line that holds text ends, or None if it is still open."""
    start = len(text) - len(text.lstrip(" \t\r\n"))
    end = text.find("\n", start)
    return None if start == len(text) or end < 0 else end


def find_end_of_block(text: str, line_prefix: str) -> int | None:
    """Where the block that the cursor stands in ends, or None if it may go on.

    It ends before the first line indented less than the cursor's line (not more than it, where that line
    opens a block) and before a blank line that follows text.
    """
    first, *rest = text.split("\n")
    limit = _indent(line_prefix + first)
    opened = opens_block(line_prefix + first)
    has_text = bool(first.strip())
    end = len(first)
    for number, line in enumerate(rest):
        is_open = number == len(rest) - 1
        if line.strip():
            dedented = _indent(line) < limit or (opened and _indent(line) <= limit)
            if dedented and not (opened and _closes_block(line) and _indent(line) == limit):
                return end
            has_text = True
        elif has_text and not is_open:
            return end
        end += 1 + len(line)
    return None


def opens_block(line: str) -> bool:
    """Whether what follows the line belongs inside it."""
    return line.rstrip().endswith(_BLOCK_OPENERS)


def _closes_block(line: str) -> bool:
    return line.lstrip().startswith((")", "]", "}"))


def _indent(line: str) -> int:
    """Width of the leading white space, a tab up to the next multiple of 8 as Python counts it."""
    return len((line[: len(line) - len(line.lstrip())]).expandtabs(8))
