"""What an answer must pass before anybody sees it: the document parses, its names are known, its signatures stay.

Each check returns None, or why the answer is refused.
"""

import keyword
import re

from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.kept_words import keeps_words
from sotto_lsp.syntax.python.additions import check_addition
from sotto_lsp.syntax.python.kept_names import lost_name
from sotto_lsp.syntax.python.parsing import PythonCode, read_python
from sotto_lsp.syntax.target import PART, PYTHON, Target
from sotto_lsp.syntax.tree_sitter.checks import check_parsed, passed_parsed

_WORD = re.compile(r"[^\W\d]\w*")
_STUB = "pass"
_KEYWORDS = frozenset(keyword.kwlist)


def check(text: str, change: TextChange, target: Target) -> str | None:
    """Why `change` must not be made to `text`; None if it passes everything. `target` is in `text`'s offsets."""
    if not change.new.strip() and not text[change.start : change.end].strip():
        return "it changes nothing"
    after = change.applied(text)
    if after == text:
        return "it changes nothing"
    if target.language_id != PYTHON:
        return check_parsed(text, change, target)
    return (
        _parses(after)
        or _says(text, after, target)
        or _names(text, after, change, target)
        or _keeps(text, after, target)
    )


def passed(target: Target) -> tuple[str, ...]:
    """What an answer that passes was checked for, in words."""
    if target.language_id != PYTHON:
        return passed_parsed(target)
    kept = "all signatures are kept"
    if target.may_drop_names:
        return ("the file compiles", "every name it reads is known")
    if target.is_syntax_error:
        kept = "the line's words are kept"
    elif target.addition:
        kept = f"nothing but {target.addition.value} is added"
    elif target.is_name:
        kept = "nothing else is changed"
    elif PART in target.holes:
        kept = "signatures and names that other code uses are kept"
    return ("the file compiles", "every name it reads is known", kept)


def baseline(text: str, target: Target) -> PythonCode | None:
    """The document before; None where it does not compile, not even with a stub for a body that is missing."""
    return read_python(stubbed(text, target))


def stubbed(text: str, target: Target) -> str:
    """The document before, with a stub for a body that is missing where it would not compile without."""
    if "body" not in target.holes or read_python(text) is not None:
        return text
    hole = target.holes["body"]
    return text[: hole.start] + hole.lead + _STUB + text[hole.end :]


def _parses(after: str) -> str | None:
    return None if read_python(after) else "the file would not compile"


def _says(text: str, after: str, target: Target) -> str | None:
    lines = after[target.first : target.last + len(after) - len(text)].splitlines()
    has_code = any(line.strip() and not line.lstrip().startswith("#") for line in lines)
    return None if has_code or target.is_syntax_error else "there is no code in it"


def _names(text: str, after: str, change: TextChange, target: Target) -> str | None:
    code, before = read_python(after), baseline(text, target)
    if code is None or code.unknown_names is None:
        return None
    words = set(_WORD.findall(change.new))
    if target.unwanted and target.unwanted in words:
        return f"{target.unwanted} is not defined"
    if before is not None and before.unknown_names is not None:
        unknown = code.unknown_names - before.unknown_names
    else:
        unknown = code.unknown_names & (words - set(_WORD.findall(text)))
    return f"{min(unknown)} is defined nowhere" if unknown else None


def _keeps(text: str, after: str, target: Target) -> str | None:
    if target.is_syntax_error:
        line = text[target.first : target.last]
        repaired = after[target.first : target.last + len(after) - len(text)]
        return None if keeps_words(line, repaired, _KEYWORDS) else "words of the line are gone"
    if target.addition:
        return check_addition(target.addition, text, after)
    if target.is_name or target.may_drop_names:
        return None  # of a name, that one changes, be it in a signature
    return _keeps_what_others_use(text, after, target)


def _keeps_what_others_use(text: str, after: str, target: Target) -> str | None:
    if PART in target.holes:
        new = after[target.first : target.last + len(after) - len(text)]
        if (lost := lost_name(text, target.first, target.last, new)) is not None:
            return f"{lost}, which other code may use, would be gone"
    code, before = read_python(after), baseline(text, target)
    if code is not None and before is not None and code.outline != before.outline:
        return "a signature would change"
    return None
