"""The tests of an answer one by one: their names, and the answer without some of them."""

import ast
from collections.abc import Collection

from sotto_lsp.actions.python_code import Function, parsed_or_none


def tests_in(code: str) -> list[str]:
    """Of functions and classes at the top that pytest takes for tests by its own rules, in order."""
    tree = parsed_or_none(code)
    return [
        node.name
        for node in (tree.body if tree else [])
        if isinstance(node, Function | ast.ClassDef) and _is_test(node)
    ]


def without_tests(code: str, names: Collection[str]) -> str:
    """The code without the functions and classes of these names, and the comments and blank lines above them."""
    tree, lines = parsed_or_none(code), code.split("\n")
    for node in reversed(tree.body if tree else []):
        if isinstance(node, Function | ast.ClassDef) and node.name in names:
            first = min(each.lineno for each in (node, *node.decorator_list)) - 1
            while first and (not lines[first - 1] or lines[first - 1].startswith("#")):
                first -= 1
            del lines[first : node.end_lineno]
    return "\n".join(lines)


def _is_test(node: Function | ast.ClassDef) -> bool:
    if isinstance(node, Function):
        return node.name.startswith("test")
    is_named = node.name.startswith("Test") or any("TestCase" in ast.unparse(base) for base in node.bases)
    return is_named and any(isinstance(each, Function) and _is_test(each) for each in node.body)
