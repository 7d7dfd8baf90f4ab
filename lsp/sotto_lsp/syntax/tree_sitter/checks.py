"""What an answer must pass where tree-sitter is the judge: it parses, signatures and what is around it stay.

Less than for Python: which names there are, and of which types, is not known. Each check returns None, or why the
answer is refused.
"""

import re

from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.kept_words import keeps_words
from sotto_lsp.syntax.target import PART, Target
from sotto_lsp.syntax.tree_sitter.kept_bindings import lost_binding
from sotto_lsp.syntax.tree_sitter.language import Role
from sotto_lsp.syntax.tree_sitter.parsed_repairs import is_mended
from sotto_lsp.syntax.tree_sitter.syntax_tree import MAX_PROBLEMS, Region, SyntaxTree
from sotto_lsp.syntax.tree_sitter.trees import tree_of_text

_BRACKETS = ("()", "[]", "{}")
_WORD = re.compile(r"[^\W\d]\w*")
_MIN_NAMES = 2
"""Of lines with one name, that may be what is to be changed."""


def check_parsed(text: str, change: TextChange, target: Target) -> str | None:
    """Why `change` must not be made to `text`, which differs from what comes of it."""
    before = tree_of_text(target.language_id, text)
    after = before.edited(change.start, change.end, change.new) if before else None
    if before is None or after is None:
        return "it could not be parsed in time"
    if target.is_syntax_error:
        return _mends(before, after, target)
    reason = _parses(before, after, change) or _says(after, change) or _stays_inside(before, after, change)
    if reason is None and not target.may_drop_names:
        reason = _keeps_what_others_use(before, after, target)
    return reason or _is_about_the_lines(before, after, target)


def passed_parsed(target: Target) -> tuple[str, ...]:
    """What an answer that passes was checked for, in words."""
    if target.is_syntax_error:
        return ("these lines parse", "their words are kept")
    if target.may_drop_names:
        return ("it parses", "the code around it stays as it is")
    if PART in target.holes:
        return ("it parses", "signatures and names that other code uses are kept")
    return ("it parses", "all signatures are kept")


def _mends(before: SyntaxTree, after: SyntaxTree, target: Target) -> str | None:
    if not is_mended(before, after, target):
        return "it would not parse"
    old, new = _lines(before, target), _lines(after, target, len(after.text) - len(before.text))
    return None if keeps_words(old, new, before.keywords) else "words of the line are gone"


def _lines(tree: SyntaxTree, target: Target, delta: int = 0) -> str:
    return tree.text[target.first : target.last + delta]


def _parses(before: SyntaxTree, after: SyntaxTree, change: TextChange) -> str | None:
    """No error that was not there before, here or elsewhere."""
    if len(before.problems) == MAX_PROBLEMS:
        return "the file has too many syntax errors"
    known = {_after(each, change) for each in before.problems}
    if any((each.kind, each.start, each.end) not in known for each in after.problems):
        return "it would not parse"
    return None


def _says(after: SyntaxTree, change: TextChange) -> str | None:
    """More than comments."""
    start, end = change.start, change.start + len(change.new)
    for comment in reversed(after.regions(Role.COMMENT, start, end)):
        if after.text[comment.end : end].strip():
            return None
        end = max(start, comment.start)
    return None if after.text[start:end].strip() else "there is no code in it"


def _after(region: Region, change: TextChange) -> tuple[str, int, int]:
    """Where a region is once the change is made."""
    delta = len(change.new) - (change.end - change.start)
    start = region.start + (delta if region.start >= change.end else 0)
    return region.kind, start, region.end + (delta if region.end >= change.end else 0)


def _stays_inside(before: SyntaxTree, after: SyntaxTree, change: TextChange) -> str | None:
    """What surrounds the change is the same function, type or module as before, and ends where it ended."""
    new_end = change.start + len(change.new)
    old_open, new_open = (
        before.open_brackets(change.start, change.end),
        after.open_brackets(change.start, new_end),
    )
    if any(old_open[kind] != new_open[kind] for kind in _BRACKETS):
        return "its brackets are not balanced"
    delta = len(after.text) - len(before.text)
    around = [
        (each.kind, each.start, each.end + delta, _head(before, each)) for each in _around(before, change)
    ]
    moved = TextChange(change.start, new_end, "")
    if around != [(each.kind, each.start, each.end, _head(after, each)) for each in _around(after, moved)]:
        return "it would end the function around it"
    return None


def _around(tree: SyntaxTree, change: TextChange) -> list[Region]:
    """The functions, types and modules in whose bodies the change lies, outer ones first."""
    end = max(change.end, change.start + 1)
    regions = {
        each for role in (Role.FUNCTION, Role.SIGNATURE) for each in tree.regions(role, change.start, end)
    }
    around = [
        each for each in regions if each.body and each.body[0] < change.start and change.end < each.body[1]
    ]
    return sorted(around, key=lambda region: (region.start, -region.end, region.kind))


def _is_about_the_lines(before: SyntaxTree, after: SyntaxTree, target: Target) -> str | None:
    """Words that are no code may parse, too: `Sure!` does in TypeScript."""
    if PART not in target.holes:
        return None
    part = target.holes[PART]
    old = before.text[part.start : part.end]
    new = _lines(after, target, len(after.text) - len(before.text))
    names = set(_WORD.findall(old)) - before.keywords
    if len(names) < _MIN_NAMES or names & set(_WORD.findall(new)):
        return None
    return "it has none of the names of the lines"


def _keeps_what_others_use(before: SyntaxTree, after: SyntaxTree, target: Target) -> str | None:
    last = target.last + len(after.text) - len(before.text)
    if _signatures(before, target.first, target.last) != _signatures(after, target.first, last):
        return "a signature would change"
    if PART in target.holes and (lost := lost_binding(before, after, target)) is not None:
        return f"{lost}, which other code may use, would be gone"
    return None


def _signatures(tree: SyntaxTree, start: int, end: int) -> list[str]:
    """The heads of what is defined in these lines, those inside functions left out."""
    heads: list[str] = []
    inside = 0
    functions = set(tree.language.roles[Role.FUNCTION])
    for each in tree.regions(Role.SIGNATURE, start, end):
        if each.start >= inside:
            heads.append(_head(tree, each))
            inside = each.end if each.kind in functions else inside
    return heads


def _head(tree: SyntaxTree, region: Region) -> str:
    """What stands before the body, however it is laid out; what has no body is something else."""
    if region.body is None:
        return " ".join(tree.text[region.start : region.end].split())
    return " ".join([*tree.text[region.start : region.body[0]].split(), region.body_kind])
