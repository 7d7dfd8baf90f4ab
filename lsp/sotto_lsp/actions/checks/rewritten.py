"""An instruct model's answer about some lines, as those lines written anew: without repeated neighbours, indented."""

from sotto_engine.request import ChatRequest, Completion, FinishReason
from sotto_lsp.actions.answer_code import code_in
from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.syntax.margin import margin_of, with_margin, without_margin
from sotto_lsp.syntax.target import Hole

_WHOLE = (FinishReason.STOP_ID, FinishReason.STOP_STRING)


def answered_code(completion: Completion, request: ChatRequest, asked: str) -> str:
    """The code of an answer that the model ended itself; empty where there is none, or less than all of it."""
    is_whole = completion.finish_reason in _WHOLE
    return code_in(request.answer_prefix + completion.text, asked, is_whole=is_whole)


def rewritten(completion: Completion, request: ChatRequest, text: str, hole: Hole) -> str:
    """What belongs into the hole, which covers whole lines; with newlines for line ends. Empty for no answer."""
    asked = normalize_line_ends(text[hole.start : hole.end])
    code = answered_code(completion, request, asked)
    above, below = normalize_line_ends(text[: hole.start]), normalize_line_ends(text[hole.end :])
    lines = _behind_repeated(code.split("\n"), above.split("\n"), asked.split("\n"))
    lines = _behind_repeated(lines[::-1], below.split("\n")[::-1], asked.split("\n")[::-1])[::-1]
    kept = "\n".join(lines).strip("\n")
    return with_margin(without_margin(kept, margin_of(kept)), margin_of(asked)) if kept.strip() else ""


def _behind_repeated(lines: list[str], neighbours: list[str], asked: list[str]) -> list[str]:
    """`lines` without the longest beginning that repeats the end of `neighbours`, unless `asked` begins so, too."""
    told, known, old = ([line.strip() for line in each] for each in (lines, neighbours, asked))
    told_at = [at for at, line in enumerate(told) if line]
    told, known, old = ([line for line in each if line] for each in (told, known, old))
    for size in range(min(len(told), len(known)), 0, -1):
        if told[:size] == known[-size:] and told[:size] != old[:size]:
            return lines[told_at[size - 1] + 1 :]
    return lines
