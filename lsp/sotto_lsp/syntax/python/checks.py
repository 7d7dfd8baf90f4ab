"""PythonChecks: what an answer must pass: the file compiles, its names are known, its signatures stay.

Each check returns None, or why the answer is refused.
"""

import keyword
import re

from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.kept_words import keeps_words
from sotto_lsp.syntax.margin import margin_of, without_margin
from sotto_lsp.syntax.protocol import MAX_PARSED_CHARS, Syntax
from sotto_lsp.syntax.python.additions import check_addition
from sotto_lsp.syntax.python.parsing import PythonCode, find_error, parse_python, read_python
from sotto_lsp.syntax.python.scope import keep_needed, names_bound_in
from sotto_lsp.syntax.target import BODY, PART, Target

_WORD = re.compile(r"[^\W\d]\w*")
_STUB = "pass"
_KEYWORDS = frozenset(keyword.kwlist)


class PythonChecks(Syntax):
    """What the protocol asks about changes."""

    def check(self, text: str, change: TextChange, target: Target) -> str | None:
        after = change.apply(text)
        code = read_python(after)
        if code is None:
            return "the file would not compile"
        new_lines = target.lines_of(text, after)[1].splitlines()
        if not target.is_syntax_error and not any(_has_code(line) for line in new_lines):
            return "there is no code in it"
        before = read_python(self.add_stub(text, target))
        return _check_names(text, before, code, change, target) or _check_kept(text, after, before, code, target)

    def list_checks(self, target: Target) -> tuple[str, ...]:
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

    def is_hopeless(self, text: str, target: Target) -> bool:
        """A document that does not parse stays so, unless the answer is about that."""
        if target.is_syntax_error or len(text) > MAX_PARSED_CHARS or find_error(text) is None:
            return False
        return BODY not in target.holes or read_python(self.add_stub(text, target)) is None

    def add_stub(self, text: str, target: Target) -> str:
        if BODY not in target.holes or read_python(text) is not None:
            return text
        hole = target.holes[BODY]
        return text[: hole.start] + hole.lead + _STUB + text[hole.end :]


def find_lost_name(text: str, start: int, end: int, new: str) -> str | None:
    """A name that the whole lines `[start, end)` of `text` bind for others, and `new` does not; None if all stay."""
    lost = _names_bound(text[start:end]) - _names_bound(new)
    if lost and (tree := parse_python(text)) is not None:
        first = normalize_line_ends(text[:start]).count("\n")
        last = first + normalize_line_ends(text[start:end]).count("\n")
        lost = keep_needed(lost, tree, first, last)
    return min(lost, default=None)


def _has_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _check_names(
    text: str, before: PythonCode | None, code: PythonCode, change: TextChange, target: Target
) -> str | None:
    if code.unknown_names is None:
        return None
    words = set(_WORD.findall(change.new))
    if target.unwanted and target.unwanted in words:
        return f"{target.unwanted} is not defined"
    if before is not None and before.unknown_names is not None:
        unknown = code.unknown_names - before.unknown_names
    else:
        unknown = code.unknown_names & (words - set(_WORD.findall(text)))
    return f"{min(unknown)} is defined nowhere" if unknown else None


def _check_kept(text: str, after: str, before: PythonCode | None, code: PythonCode, target: Target) -> str | None:
    old_lines, new_lines = target.lines_of(text, after)
    if target.is_syntax_error:
        return None if keeps_words(old_lines, new_lines, _KEYWORDS) else "words of the line are gone"
    if target.addition:
        return check_addition(target.addition, text, after)
    if target.is_name or target.may_drop_names:
        return None  # of a name, that one changes, be it in a signature
    if PART in target.holes:
        lost = find_lost_name(text, target.first, target.last, new_lines)
        if lost is not None:
            return f"{lost}, which other code may use, would be gone"
    return "a signature would change" if before is not None and code.outline != before.outline else None


def _names_bound(code: str) -> set[str]:
    shown = normalize_line_ends(code)
    tree = parse_python(without_margin(shown, margin_of(shown)))
    return set() if tree is None else set(names_bound_in(tree))
