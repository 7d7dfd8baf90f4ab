"""The functions of a text that tree-sitter parses, by their lines."""

from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.tree_sitter.language import Role
from sotto_lsp.syntax.tree_sitter.syntax_tree import Region, SyntaxTree
from sotto_lsp.syntax.tree_sitter.trees import tree_of


def function_in(tree: SyntaxTree, lines: Lines, line: int) -> Region | None:
    """The innermost function that has text in a line."""
    start, end = lines.code_start(line), lines.end(line)
    functions = tree.regions(Role.FUNCTION, start, max(end, start + 1))
    return functions[-1] if functions else None


def parsed_function_at(lines: Lines, line: int) -> tuple[int, int] | None:
    """First and last line of the function whose signature is in a line."""
    tree = tree_of(lines.snapshot)
    function = None if tree is None else function_in(tree, lines, line)
    if function is None or function.body is None:
        return None
    line_of = lines.snapshot.line_starts.line_of
    first, head, last = (line_of(each) for each in (function.start, function.body[0], function.end - 1))
    return (first, last) if first <= line <= head < last else None
