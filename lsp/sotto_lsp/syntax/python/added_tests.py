"""An answer's tests as changes of a test file: imports to the imports, tests to the end, nothing else touched."""

import ast
from collections.abc import Iterator, Sequence

from sotto_lsp.documents.line_ends import find_line_end, normalize_line_ends
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.python.parsing import Function, parse_python, read_python
from sotto_lsp.syntax.python.scope import names_bound_in

_Import = ast.Import | ast.ImportFrom
_QUIET = (*Function.__args__, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)
"""Statements that do nothing when a test file is imported but bind names."""
_BETWEEN = "\n\n\n"


def add_tests(existing: str, answer: str, name: str, import_line: str) -> list[TextChange] | str:
    """The changes of `existing` ("" for a new file), in order of place, or why they must not be made.

    name, import_line: of the function that the tests are for.
    """
    old, new = parse_python(existing), parse_python(answer)
    if old is None or new is None:
        return "the tests would not compile" if new is None else "the test file does not compile as it is"
    leading, body = _parts(new)
    if (reason := _unfit(body, name) or _doubled(body, old)) is not None:
        return reason
    wanted = [*leading, ast.parse(import_line).body[0], *_pytest(new)]
    imports = _missing_imports(wanted, old)
    if isinstance(imports, str):
        return imports
    last = leading[-1].end_lineno or 0 if leading else 0
    code = "\n".join(answer.split("\n")[last:]).strip("\n")
    changes = _changes(existing, old, imports, code)
    return _unsound(existing, changes) or changes


def apply_all(text: str, changes: Sequence[TextChange]) -> str:
    """`changes` are in order of place and do not overlap."""
    for change in reversed(changes):
        text = change.apply(text)
    return text


def whole_tests(code: str) -> str:
    """What is whole of code that was cut off: all but the last definition and what follows it."""
    lines = code.split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith(("def ", "async def ", "class ", "@"))]
    heads = [number for number in starts if not lines[number - 1].startswith("@")]
    return "\n".join(lines[: heads[-1]]) if heads else ""


def _parts(tree: ast.Module) -> tuple[list[_Import], list[ast.stmt]]:
    """The imports at the top and the statements after them."""
    leading: list[_Import] = []
    for statement in tree.body:
        if not isinstance(statement, _Import):
            break
        leading.append(statement)
    return leading, tree.body[len(leading) :]


def _unfit(body: list[ast.stmt], name: str) -> str | None:
    nodes = [node for statement in body for node in ast.walk(statement)]
    tests = [node for node in nodes if isinstance(node, Function) and node.name.startswith("test")]
    if not tests:
        return "there is no test in it"
    if not all(isinstance(statement, _QUIET) for statement in body):
        return "it would run code when it is imported"
    if not any(isinstance(node, ast.Name) and node.id == name for node in nodes):
        return f"it does not use {name}"
    checks = (isinstance(node, ast.Assert) or (isinstance(node, ast.Attribute) and _checks(node)) for node in nodes)
    return None if any(checks) else "it checks nothing"


def _checks(node: ast.Attribute) -> bool:
    return node.attr == "raises" or node.attr.startswith("assert")


def _doubled(body: list[ast.stmt], old: ast.Module) -> str | None:
    names = list(names_bound_in(ast.Module(body, [])))
    there = set(names_bound_in(old))
    double = next((name for name in names if name in there or names.count(name) > 1), None)
    return f"{double} is there already" if double else None


def _pytest(tree: ast.Module) -> list[ast.stmt]:
    """An import that models leave out."""
    reads = any(isinstance(node, ast.Name) and node.id == "pytest" for node in ast.walk(tree))
    return ast.parse("import pytest").body if reads else []


def _missing_imports(wanted: list[ast.stmt], old: ast.Module) -> list[str] | str:
    there = {line for statement in old.body for line in _import_lines(statement)}
    bound = set(names_bound_in(old))
    missing: list[str] = []
    for line in dict.fromkeys(line for statement in wanted for line in _import_lines(statement)):
        if line in there:
            continue
        taken = next((name for name in names_bound_in(ast.parse(line)) if name in bound), None)
        if taken is not None:
            return f"{taken} is something else in the test file"
        missing.append(line)
    return missing


def _import_lines(statement: ast.stmt) -> Iterator[str]:
    """A line for each name that is imported."""
    if isinstance(statement, ast.Import):
        yield from (ast.unparse(ast.Import([name])) for name in statement.names)
    elif isinstance(statement, ast.ImportFrom):
        for name in statement.names:
            yield ast.unparse(ast.ImportFrom(statement.module, [name], statement.level))


def _changes(existing: str, old: ast.Module, imports: list[str], code: str) -> list[TextChange]:
    newline = find_line_end(existing)
    head = "\n".join(imports)
    if not old.body:
        text = existing.rstrip() + "\n" * bool(existing.strip()) + head + _BETWEEN * bool(head) + code + "\n"
        return [TextChange(0, len(existing), text.replace("\n", newline))]
    below = TextChange(len(existing.rstrip()), len(existing), (_BETWEEN + code + "\n").replace("\n", newline))
    if not imports:
        return [below]
    above = [each for each in old.body if isinstance(each, _Import)] or (
        old.body[:1] if ast.get_docstring(old) is not None else []
    )
    snapshot = DocumentSnapshot.of(existing)
    if above:
        at = snapshot.line_bounds((above[-1].end_lineno or 1) - 1)[1]
        lead = "\n" + "\n" * (not isinstance(above[-1], _Import)) + head
    else:
        decorators = getattr(old.body[0], "decorator_list", [])
        at = snapshot.line_bounds(min(each.lineno for each in (old.body[0], *decorators)) - 1)[0]
        lead = head + _BETWEEN
    return [TextChange(at, at, lead.replace("\n", newline)), below]


def _unsound(existing: str, changes: list[TextChange]) -> str | None:
    after = apply_all(existing, changes)
    code, before = read_python(after), read_python(normalize_line_ends(existing))
    if code is None or before is None:
        return "the test file would not compile"
    if code.unknown_names is None or before.unknown_names is None:
        return None
    unknown = code.unknown_names - before.unknown_names
    return f"{min(unknown)} is defined nowhere" if unknown else None
