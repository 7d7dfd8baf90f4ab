"""TreeSitterSyntax: a language that tree-sitter parses, as the protocol asks for it."""

import re
from collections import Counter
from collections.abc import Iterator

from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.balance import keeps_balance
from sotto_lsp.syntax.protocol import MAX_PARSED_CHARS, CursorContext, Mending, Problem, Stub, Syntax
from sotto_lsp.syntax.target import Target
from sotto_lsp.syntax.tree_sitter.checks import check_tree, is_mended, list_checks
from sotto_lsp.syntax.tree_sitter.cursor import read_cursor
from sotto_lsp.syntax.tree_sitter.grammar import grammar_of
from sotto_lsp.syntax.tree_sitter.guard import keeps_parsing
from sotto_lsp.syntax.tree_sitter.language import Language, Role
from sotto_lsp.syntax.tree_sitter.stub import find_stub
from sotto_lsp.syntax.tree_sitter.syntax_tree import TIME_LIMIT_S, Region, SyntaxTree
from sotto_lsp.syntax.tree_sitter.trees import is_parsed, tree_of

_COMMENT = re.compile(r"[ \t]*//(?![/!])[ \t]*(?P<text>\S.*?)[ \t]*")
_WORD = re.compile(r"\w+")
_SIGNS = (")", ";", "}", "(", "{", ",", "]", "[", '"', "'", ":", "=", ".", "`", ">", "<")
_DIRECTIVE = "#"
"""C's preprocessor has tokens for its words, as `#ifdef`."""
_MAX_LINES = 4
"""Of a longer error the place is not known: only its first lines are looked at."""


class TreeSitterSyntax(Syntax):
    def __init__(self, language_id: str, language: Language) -> None:
        self.name = language.name
        self._language_id = language_id
        self._language = language

    def is_parsed(self, snapshot: DocumentSnapshot) -> bool:
        return is_parsed(snapshot)

    def parse(self, snapshot: DocumentSnapshot) -> None:
        tree_of(snapshot)

    def explain_missing_parser(self) -> str | None:
        if grammar_of(self._language_id) is not None:
            return None
        return f"Code actions in {self.name} need a grammar; {self._language.remedy}"

    def explain_unparsed(self, snapshot: DocumentSnapshot) -> str | None:
        if tree_of(snapshot) is not None:
            return None
        if len(snapshot.content) > MAX_PARSED_CHARS:
            limit = f"{MAX_PARSED_CHARS:,} characters"
            return f"Documents of more than {limit} are not parsed, so no answer can be checked."
        too_slow = f"The document could not be parsed within {TIME_LIMIT_S} s; mend the first errors in it by hand."
        return self.explain_missing_parser() or too_slow

    def find_problems(self, lines: Lines) -> Iterator[Problem]:
        tree = tree_of(lines.snapshot)
        for region in tree.problems if tree else ():
            first, last = _error_lines(lines, region)
            yield Problem(region.start, first, last, (first, last))

    def read_cursor(self, prefix: str, suffix: str) -> CursorContext:
        return read_cursor(self._language, prefix)

    def is_no_worse(self, prefix: str, suffix: str, text: str, num_replaced: int) -> bool:
        is_balanced = keeps_balance(self._language.lexer, prefix, suffix, text, num_replaced)
        return is_balanced and keeps_parsing(self._language_id, prefix, suffix, text, num_replaced)

    def count_open_brackets(self, lines: Lines, start: int, end: int) -> Counter[str]:
        tree = tree_of(lines.snapshot)
        return tree.count_open_brackets(start, end) if tree else Counter()

    def is_comment(self, lines: Lines, line: int) -> bool:
        tree = tree_of(lines.snapshot)
        start, end = lines.code_start(line), lines.code_end(line)
        comments = tree.regions(Role.COMMENT, start, end) if tree else []
        # some grammars count the line end to the comment
        return any(each.start == start and end <= each.end <= end + 2 for each in comments)

    def read_comment(self, line: str) -> str | None:
        comment = _COMMENT.fullmatch(line)
        return comment and comment["text"]

    def is_statement(self, lines: Lines, line: int) -> bool:
        tree = tree_of(lines.snapshot)
        if tree is None or set(_WORD.findall(lines[line])) <= tree.keywords:
            return False
        if any(first <= line <= last for first, last in (each.shown for each in self.find_problems(lines))):
            return False
        return not _is_fixed(tree, lines.code_start(line), lines.end(line))

    def is_whole(self, lines: Lines, first: int, last: int) -> bool:
        tree = tree_of(lines.snapshot)
        return tree is not None and tree.is_whole(lines.code_start(first), lines.code_end(last))

    def find_function(self, lines: Lines, line: int) -> tuple[int, int] | None:
        tree = tree_of(lines.snapshot)
        function = tree and _function_in(tree, lines, line)
        if function is None or function.body is None:
            return None
        line_of = lines.snapshot.line_starts.line_of
        first, head, last = (line_of(each) for each in (function.start, function.body[0], function.end - 1))
        return (first, last) if first <= line <= head < last else None

    def find_stub(self, lines: Lines, line: int) -> Stub | None:
        tree = tree_of(lines.snapshot)
        function = tree and _function_in(tree, lines, line)
        return find_stub(tree, lines, function) if tree and function else None

    def find_mending(self, lines: Lines, target: Target) -> Mending | None:
        """A change mends the error if the lines have none any more, and the text has fewer than before."""
        tree = tree_of(lines.snapshot)
        if tree is None:
            return None

        def mends(change: TextChange, time_limit_s: float) -> bool:
            after = tree.edit(change.start, change.end, change.new, time_limit_s)
            return after is not None and is_mended(tree, after, target)

        return Mending(_SIGNS, tree.keywords, lines.snapshot.line_starts.line_of(target.first), mends)

    def check(self, text: str, change: TextChange, target: Target) -> str | None:
        return check_tree(text, change, target)

    def list_checks(self, target: Target) -> tuple[str, ...]:
        return list_checks(target)


def _function_in(tree: SyntaxTree, lines: Lines, line: int) -> Region | None:
    """The innermost function that has text in a line."""
    start, end = lines.code_start(line), lines.end(line)
    functions = tree.regions(Role.FUNCTION, start, max(end, start + 1))
    return functions[-1] if functions else None


def _error_lines(lines: Lines, problem: Region) -> tuple[int, int]:
    """First and last of the lines in which a sign may be missing, or one too many."""
    line_of = lines.snapshot.line_starts.line_of
    first = line_of(problem.start)
    last = min(max(first, line_of(max(problem.start, problem.end - 1))), first + _MAX_LINES - 1)
    begins_line = problem.start <= lines.code_start(first)
    while first and (begins_line or not lines[first].strip()):
        first -= 1  # what is missing there may be missing after the text above
        begins_line = begins_line and not lines[first].strip()
    return first, last


def _is_fixed(tree: SyntaxTree, start: int, end: int) -> bool:
    """Whether something there is part of a comment, a string of several lines, a directive, a head or an import."""
    token = tree.token_at(start)
    if not token or token.startswith(_DIRECTIVE):
        return True
    if any(each.start == start for each in tree.regions(Role.COMMENT, start, end)):
        return True
    heads = [
        (each.start, each.body[0] if each.body else each.end) for each in tree.regions(Role.SIGNATURE, start, end)
    ]
    fixed = [(each.start, each.end) for each in tree.regions(Role.FIXED, start, end)]
    return any(first < end and start < last for first, last in (*heads, *fixed))
