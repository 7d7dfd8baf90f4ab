"""A model invents people and companies that no document knows."""

import re

from sotto_lsp.completion.filters.surroundings import Surroundings
from sotto_lsp.context.names import FIELD, names_nobody

_ADDRESS = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b(?:github|gitlab|bitbucket|twitter|linkedin|facebook)\.(?:com|org)/[\w-]+"
)
_TASK = re.compile(r"TODO|FIXME|XXX|HACK", re.IGNORECASE)
_TASK_OWNER = re.compile(rf"\b(?:{_TASK.pattern}|NOTE)\s*\(\s*([\w.@-]+)", re.IGNORECASE)
_OWNER = re.compile(r"copyright|\(c\)[ \d]|©|all rights reserved|spdx-license|licensed under", re.IGNORECASE)


def invented_name(text: str, around: Surroundings) -> str:
    """Cut before the first line that names an author, an owner or an address which the document does not."""
    lines = text.split("\n")
    known = around.prefix + around.suffix
    for number, line in enumerate(lines):
        whole = around.line_prefix + line if number == 0 else line
        if _names_somebody(whole, line, known):
            return "\n".join(lines[:number])
    return text


def _names_somebody(whole: str, line: str, known: str) -> bool:
    named = [*_ADDRESS.findall(line), *_TASK_OWNER.findall(line)]
    if any(each not in known for each in named):
        return True
    if (field := FIELD.match(whole)) is not None and (value := whole[field.end() :].strip("\"' ,)")):
        return value not in known
    is_owner = _OWNER.search(line) is not None and line.strip() not in known
    label, colon, rest = whole.partition(":")
    is_label = bool(colon) and not _TASK.search(label) and names_nobody(label)
    return is_owner or (is_label and bool(rest.strip()) and rest.strip() not in known)
