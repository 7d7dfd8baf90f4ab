"""The code in an instruct model's answer: out of its fences, without the thoughts and the text around them.

What stands in no block of code is never code: free text does not get into a document.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sotto_engine.request import ChatRequest, Completion, FinishReason
from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.syntax.margin import margin_of, with_margin, without_margin
from sotto_lsp.syntax.target import Hole

_WHOLE = (FinishReason.STOP_ID, FinishReason.STOP_STRING)

_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<signs>`{3,}|~{3,})[ \t]*(?P<info>[^`]*?)[ \t]*")
_TAG = r"(?:think|thinking|thought|reasoning)"
_THOUGHT = re.compile(
    rf"\A\s*(?P<opening>(?:`{{3,}}|~{{3,}})[\w+#.-]*\n)?\s*<{_TAG}>.*?(?:</{_TAG}>\s*|\Z)", re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A block of code; one that is not closed was perhaps cut off."""

    code: str
    is_closed: bool


def drop_thoughts(answer: str) -> str:
    """An answer without what the model thought before it; empty if it was still thinking when it was cut off."""
    return _THOUGHT.sub(lambda thought: thought["opening"] or "", answer)


def extract_code(answer: str, old: str, *, is_whole: bool) -> str:
    """The first block of an answer that does not just repeat the `old` code, without blank lines around it.

    `is_whole`: the model ended the answer itself, so that its last block needs no end. Empty where there is none.
    """
    blocks = [each for each in _blocks(drop_thoughts(answer)) if each.code.strip()]
    usable = (each.code for each in blocks if each.is_closed or is_whole)
    return next((code for code in usable if code.split() != old.split()), "")


def read_code(completion: Completion, request: ChatRequest, old: str) -> str:
    """The code of an answer that the model ended itself; empty where there is none, or less than all of it."""
    is_whole = completion.finish_reason in _WHOLE
    return extract_code(request.answer_prefix + completion.text, old, is_whole=is_whole)


def read_lines(completion: Completion, request: ChatRequest, text: str, hole: Hole) -> str:
    """What belongs into the hole, which covers whole lines; with newlines for line ends. Empty for no answer.

    Without the lines around the hole where the answer repeats them, and with the margin of the old lines.
    """
    old = normalize_line_ends(text[hole.start : hole.end])
    code = read_code(completion, request, old)
    above, below = normalize_line_ends(text[: hole.start]), normalize_line_ends(text[hole.end :])
    lines = _drop_repeated(code.split("\n"), above.split("\n"), old.split("\n"))
    lines = _drop_repeated(lines[::-1], below.split("\n")[::-1], old.split("\n")[::-1])[::-1]
    kept = "\n".join(lines).strip("\n")
    return with_margin(without_margin(kept, margin_of(kept)), margin_of(old)) if kept.strip() else ""


def _drop_repeated(lines: list[str], neighbours: list[str], old: list[str]) -> list[str]:
    """`lines` without the longest beginning that repeats the end of `neighbours`, unless `old` begins so, too."""
    new, known, before = ([line.strip() for line in each] for each in (lines, neighbours, old))
    new_at = [at for at, line in enumerate(new) if line]
    new, known, before = ([line for line in each if line] for each in (new, known, before))
    for size in range(min(len(new), len(known)), 0, -1):
        if new[:size] == known[-size:] and new[:size] != before[:size]:
            return lines[new_at[size - 1] + 1 :]
    return lines


def _blocks(answer: str) -> Iterator[Block]:
    opening: re.Match[str] | None = None
    lines: list[str] = []
    for line in answer.split("\n"):
        fence = _FENCE.fullmatch(line)
        if fence is None:
            lines.append(line)
        elif opening is None or not "".join(lines).strip():
            opening, lines = fence, []  # the model may open again what was opened for it
        elif _closes(fence, opening):
            yield Block("\n".join(lines).strip("\n"), is_closed=True)
            opening, lines = None, []
        else:
            lines.append(line)
    if opening is not None:
        yield Block("\n".join(lines).strip("\n"), is_closed=False)


def _closes(fence: re.Match[str], opening: re.Match[str]) -> bool:
    """A fence further in belongs to the code: to a docstring, say."""
    return (
        fence["signs"].startswith(opening["signs"])
        and not fence["info"]
        and len(fence["indent"]) <= len(opening["indent"])
    )
