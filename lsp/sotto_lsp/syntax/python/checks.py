"""What an answer in Python must pass: the file compiles, its names are known, its signatures stay.

Each check returns None, or why the answer is refused.
"""

import keyword
import re

from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.kept_words import keeps_words
from sotto_lsp.syntax.margin import margin_of, without_margin
from sotto_lsp.syntax.python.additions import check_addition
from sotto_lsp.syntax.python.parsing import PythonCode, parse_python, read_python
from sotto_lsp.syntax.python.scope import keep_needed, names_bound_in
from sotto_lsp.syntax.target import BODY, PART, Target

_WORD = re.compile(r"[^\W\d]\w*")
_STUB = "pass"
_KEYWORDS = frozenset(keyword.kwlist)


def check_python(text: str, change: TextChange, target: Target) -> str | None:
    """Why `change` must not be made to `text`. `target` is in `text`'s offsets."""
    after = change.apply(text)
    code = read_python(after)
    if code is None:
        return "the file would not compile"
    new_lines = target.lines_of(text, after)[1].splitlines()
    if not target.is_syntax_error and not any(_has_code(line) for line in new_lines):
        return "there is no code in it"
    return _check_names(text, code, change, target) or _check_kept(text, after, code, target)


def checks_passed(target: Target) -> tuple[str, ...]:
    """What an answer that passes was checked for, in words."""
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


def read_before(text: str, target: Target) -> PythonCode | None:
    """The document before; None where it does not compile, not even with a stub for a body that is missing."""
    return read_python(with_stub(text, target))


def with_stub(text: str, target: Target) -> str:
    """The document before, with a stub for a body that is missing where it would not compile without."""
    if BODY not in target.holes or read_python(text) is not None:
        return text
    hole = target.holes[BODY]
    return text[: hole.start] + hole.lead + _STUB + text[hole.end :]


def lost_name(text: str, start: int, end: int, new: str) -> str | None:
    """A name that the whole lines `[start, end)` of `text` bind for others, and `new` does not; None if all stay."""
    lost = _names_bound(text[start:end]) - _names_bound(new)
    if lost and (tree := parse_python(text)) is not None:
        first = normalize_line_ends(text[:start]).count("\n")
        last = first + normalize_line_ends(text[start:end]).count("\n")
        lost = keep_needed(lost, tree, first, last)
    return min(lost, default=None)


def _has_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _check_names(text: str, code: PythonCode, change: TextChange, target: Target) -> str | None:
    if code.unknown_names is None:
        return None
    words = set(_WORD.findall(change.new))
    if target.unwanted and target.unwanted in words:
        return f"{target.unwanted} is not defined"
    before = read_before(text, target)
    if before is not None and before.unknown_names is not None:
        unknown = code.unknown_names - before.unknown_names
    else:
        unknown = code.unknown_names & (words - set(_WORD.findall(text)))
    return f"{min(unknown)} is defined nowhere" if unknown else None


def _check_kept(text: str, after: str, code: PythonCode, target: Target) -> str | None:
    old_lines, new_lines = target.lines_of(text, after)
    if target.is_syntax_error:
        return None if keeps_words(old_lines, new_lines, _KEYWORDS) else "words of the line are gone"
    if target.addition:
        return check_addition(target.addition, text, after)
    if target.is_name or target.may_drop_names:
        return None  # of a name, that one changes, be it in a signature
    if PART in target.holes:
        lost = lost_name(text, target.first, target.last, new_lines)
        if lost is not None:
            return f"{lost}, which other code may use, would be gone"
    before = read_before(text, target)
    return "a signature would change" if before is not None and code.outline != before.outline else None


def _names_bound(code: str) -> set[str]:
    shown = normalize_line_ends(code)
    tree = parse_python(without_margin(shown, margin_of(shown)))
    return set() if tree is None else set(names_bound_in(tree))
