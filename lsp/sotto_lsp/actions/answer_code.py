"""The code in an instruct model's answer: out of its fences, without what it thought and said around them.

What stands in no block of code is never code: free text does not get into a document.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

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


def without_thoughts(answer: str) -> str:
    """An answer without what the model thought before it; empty if it was still thinking when it was cut off."""
    return _THOUGHT.sub(lambda thought: thought["opening"] or "", answer)


def code_in(answer: str, asked: str, *, is_whole: bool) -> str:
    """The first block of an answer that does not just repeat what was asked about, without blank lines around it.

    `is_whole`: the model ended the answer itself, so that its last block needs no end. Empty where there is none.
    """
    blocks = [each for each in _blocks(without_thoughts(answer)) if each.code.strip()]
    usable = [each.code for each in blocks if each.is_closed or is_whole]
    told = _words(asked)
    return next((code for code in usable if _words(code) != told), "")


def _words(code: str) -> list[str]:
    return code.split()


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
