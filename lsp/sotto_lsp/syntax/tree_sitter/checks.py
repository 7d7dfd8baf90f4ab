"""What an answer must pass where tree-sitter is the judge: it parses, signatures and what is around it stay.

Less than for Python: which names there are, and of which types, is not known. Each check returns None, or why the
answer is refused.
"""

import re

from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.kept_words import keeps_words
from sotto_lsp.syntax.target import PART, Target
from sotto_lsp.syntax.tree_sitter.language import Role
from sotto_lsp.syntax.tree_sitter.syntax_tree import MAX_PROBLEMS, Region, SyntaxTree
from sotto_lsp.syntax.tree_sitter.trees import tree_of_text

_BRACKETS = ("()", "[]", "{}")
_WORD = re.compile(r"[^\W\d]\w*")
_MIN_NAMES = 2
"""Of lines with one name, that may be what is to be changed."""


def check_tree(text: str, change: TextChange, target: Target) -> str | None:
    """Why `change` must not be made to `text`. `target` is in `text`'s offsets."""
    before = tree_of_text(target.language_id, text)
    after = before.edit(change.start, change.end, change.new) if before else None
    if before is None or after is None:
        return "it could not be parsed in time"
    if target.is_syntax_error:
        return _check_mended(before, after, target)
    reason = _check_parses(before, after, change) or _check_code(after, change)
    reason = reason or _check_around(before, after, change)
    if reason is None and not target.may_drop_names:
        reason = _check_kept(before, after, target)
    return reason or _check_names(before, after, target)


def list_checks(target: Target) -> tuple[str, ...]:
    """What an answer that passes was checked for, in words."""
    if target.is_syntax_error:
        return ("these lines parse", "their words are kept")
    if target.may_drop_names:
        return ("it parses", "the code around it stays as it is")
    if PART in target.holes:
        return ("it parses", "signatures and names that other code uses are kept")
    return ("it parses", "all signatures are kept")


def is_mended(before: SyntaxTree, after: SyntaxTree, target: Target) -> bool:
    """Whether no error is left in the target's lines, and there are fewer than before in the whole text."""
    last = target.last + len(after.text) - len(before.text)
    return len(after.problems) < len(before.problems) and not after.has_problem(target.first, last)


def find_lost_name(before: SyntaxTree, after: SyntaxTree, target: Target) -> str | None:
    """A name that the target's lines made known for others, and do not any more; None if all stay.

    Inside a function those count that stand elsewhere in the text; outside all, since other files may use them.
    """
    start, end = target.first, target.last
    lost = before.names_bound(start, end) - after.names_bound(start, end + len(after.text) - len(before.text))
    if any(each.holds(start, end) for each in before.regions(Role.FUNCTION, start, end)):
        lost &= set(_WORD.findall(before.text[:start] + " " + before.text[end:]))
    return min(lost, default=None)


def _check_mended(before: SyntaxTree, after: SyntaxTree, target: Target) -> str | None:
    if not is_mended(before, after, target):
        return "it would not parse"
    old_lines, new_lines = target.lines_of(before.text, after.text)
    return None if keeps_words(old_lines, new_lines, before.keywords) else "words of the line are gone"


def _check_parses(before: SyntaxTree, after: SyntaxTree, change: TextChange) -> str | None:
    """No error that was not there before, here or elsewhere."""
    if len(before.problems) == MAX_PROBLEMS:
        return "the file has too many syntax errors"
    known = {_shift(each, change) for each in before.problems}
    if any((each.kind, each.start, each.end) not in known for each in after.problems):
        return "it would not parse"
    return None


def _check_code(after: SyntaxTree, change: TextChange) -> str | None:
    """More than comments."""
    start, end = change.start, change.start + len(change.new)
    for comment in reversed(after.regions(Role.COMMENT, start, end)):
        if after.text[comment.end : end].strip():
            return None
        end = max(start, comment.start)
    return None if after.text[start:end].strip() else "there is no code in it"


def _shift(region: Region, change: TextChange) -> tuple[str, int, int]:
    """Where a region is once the change is made."""
    delta = len(change.new) - (change.end - change.start)
    start = region.start + (delta if region.start >= change.end else 0)
    return region.kind, start, region.end + (delta if region.end >= change.end else 0)


def _check_around(before: SyntaxTree, after: SyntaxTree, change: TextChange) -> str | None:
    """What surrounds the change is the same function, type or module as before, and ends where it ended."""
    new_end = change.start + len(change.new)
    old_open, new_open = (
        before.count_open_brackets(change.start, change.end),
        after.count_open_brackets(change.start, new_end),
    )
    if any(old_open[kind] != new_open[kind] for kind in _BRACKETS):
        return "its brackets are not balanced"
    delta = len(after.text) - len(before.text)
    around = [(each.kind, each.start, each.end + delta, _head(before, each)) for each in _around(before, change)]
    moved = TextChange(change.start, new_end, "")
    if around != [(each.kind, each.start, each.end, _head(after, each)) for each in _around(after, moved)]:
        return "it would end the function around it"
    return None


def _around(tree: SyntaxTree, change: TextChange) -> list[Region]:
    """The functions, types and modules in whose bodies the change lies, outer ones first."""
    end = max(change.end, change.start + 1)
    regions = {each for role in (Role.FUNCTION, Role.SIGNATURE) for each in tree.regions(role, change.start, end)}
    around = [each for each in regions if each.body and each.body[0] < change.start and change.end < each.body[1]]
    return sorted(around, key=lambda region: (region.start, -region.end, region.kind))


def _check_names(before: SyntaxTree, after: SyntaxTree, target: Target) -> str | None:
    """Words that are no code may parse, too: `Sure!` does in TypeScript."""
    if PART not in target.holes:
        return None
    part = target.holes[PART]
    names = set(_WORD.findall(before.text[part.start : part.end])) - before.keywords
    _, new_lines = target.lines_of(before.text, after.text)
    if len(names) < _MIN_NAMES or names & set(_WORD.findall(new_lines)):
        return None
    return "it has none of the names of the lines"


def _check_kept(before: SyntaxTree, after: SyntaxTree, target: Target) -> str | None:
    last = target.last + len(after.text) - len(before.text)
    if _signatures(before, target.first, target.last) != _signatures(after, target.first, last):
        return "a signature would change"
    if PART in target.holes and (lost := find_lost_name(before, after, target)) is not None:
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
