"""The answer to an edit task as text for the document: of a signature its lines, of a docstring its summary."""

import re

from sotto_engine.request import Completion, EditRequest, FinishReason

_SUMMARY = re.compile(r"\s*[rR]?(\"\"\"|''')\s*(?P<text>.+?)\s*(?:\1|\n[ \t]*\n|\Z)", re.DOTALL)
_MAX_SUMMARY_CHARS = 88
_MIN_WORDS = 3


def read_edit(completion: Completion, request: EditRequest) -> str:
    """Empty where the answer is cut off or is none; with newlines for line ends."""
    if request.task == "docstring":
        return _summary(completion.text, request.prefix)
    is_whole = completion.finish_reason is FinishReason.STOP_ID
    if not is_whole:
        return ""
    indent = request.region[: len(request.region) - len(request.region.lstrip(" \t"))]
    return indent + completion.text.strip(" \t\n")


def _summary(text: str, prefix: str) -> str:
    """The first paragraph alone: what a small model writes after it is about some other function."""
    match = _SUMMARY.match(text)
    summary = " ".join(match["text"].split()) if match else ""
    if len(summary.split()) < _MIN_WORDS or len(summary) > _MAX_SUMMARY_CHARS:
        return ""
    if "\\" in summary or '"' in summary or not summary.endswith("."):
        return ""
    head = re.findall(r"^([ \t]*)(?:async[ \t]+)?def\b", prefix, re.MULTILINE)
    indent = text[: len(text) - len(text.lstrip(" \t"))]
    return f'{indent or (head[-1] if head else "") + " " * 4}"""{summary}"""'
