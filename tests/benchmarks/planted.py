"""Tasks for code actions: held-out code with one thing wrong or missing in it, and the code as it was."""

import ast
import random
import re
from dataclasses import dataclass

from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.syntax.python.parsing import find_error, read_python

_SIGNS = re.compile(r":$|[\"'()\[\]{},]", re.MULTILINE)
_WORD = re.compile(r"[^\W\d]\w*")
_MAX_BODY_LINES = 4
_MIN_MISSPELT_CHARS = 4
_MIN_STATEMENTS = 2


@dataclass(frozen=True)
class Task:
    """`text` is what the editor shows, `original` what it should become; the action works at `place`."""

    action: str
    text: str
    original: str
    place: Place


def syntax_error(original: str, dice: random.Random) -> Task | None:
    """A sign that syntax needs is missing (7 of 10) or there twice."""
    signs = list(_SIGNS.finditer(original))
    if not signs:
        return None
    sign = dice.choice(signs)
    wrong = "" if dice.random() < 0.7 else sign[0] * 2
    text = original[: sign.start()] + wrong + original[sign.end() :]
    problem = find_error(text)
    if problem is None:
        return None
    return Task("fix_syntax", text, original, Place(problem.line, problem.line, 0, 0))


def missing_body(original: str, dice: random.Random) -> Task | None:
    """A function of at most four lines without its body."""
    lines = original.split("\n")
    bodies: list[tuple[int, int]] = []
    for node in ast.walk(ast.parse(original)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body and body[0].lineno - node.lineno > 0 and body[-1].end_lineno:
                bodies.append((body[0].lineno - 1, body[-1].end_lineno))
    bodies = [(start, end) for start, end in bodies if end - start <= _MAX_BODY_LINES]
    if not bodies:
        return None
    start, end = dice.choice(bodies)
    indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
    text = "\n".join([*lines[:start], f"{indent}pass", *lines[end:]])
    if text == original or read_python(text) is None:
        return None
    return Task("complete_body", text, original, Place(start, start, 0, 0))


def wrong_name(original: str, dice: random.Random) -> Task | None:
    """One name where it is read is another that is not defined, as a checker's diagnostic would say."""
    tree = ast.parse(original)
    code = read_python(original)
    if code is None or code.unknown_names is None:
        return None
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    attributes = sorted({node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)})
    if not names or not attributes:
        return None
    node, wrong = dice.choice(names), dice.choice(attributes)
    lines = DocumentSnapshot.of(original)
    line = original[slice(*lines.line_bounds(node.lineno - 1))]
    start = lines.line_starts[node.lineno - 1] + len(line.encode()[: node.col_offset].decode())
    if original[start : start + len(node.id)] != node.id:
        return None
    text = original[:start] + wrong + original[start + len(node.id) :]
    after = read_python(text)
    if after is None or after.unknown_names is None or wrong not in after.unknown_names - code.unknown_names:
        return None
    line_number = node.lineno - 1
    message = f"undefined name '{wrong}'"
    return Task("fix_name", text, original, Place(line_number, line_number, start, start + len(wrong), message))


def misspelt_name(original: str, dice: random.Random) -> Task | None:
    """One name where it is read has lost a letter, has one too many, or two of its letters the wrong way round."""
    task = wrong_name(original, dice)
    match = _WORD.match(original, task.place.start) if task else None
    if task is None or match is None:
        return None
    right = match[0]
    wrong = misspelt(right, original, dice)
    if wrong is None:
        return None
    start, line = task.place.start, task.place.first_line
    text = original[:start] + wrong + original[match.end() :]
    place = Place(line, line, start, start + len(wrong), f"undefined name '{wrong}'")
    return Task("fix_name", text, original, place)


def misspelt(right: str, text: str, dice: random.Random) -> str | None:
    """The word with such a fault; None where it is too short for one, or stands in the text itself."""
    if len(right) < _MIN_MISSPELT_CHARS:
        return None
    at = dice.randrange(1, len(right) - 1)
    swapped = right[at + 1] + right[at] + right[at + 2 :]
    wrong = right[:at] + dice.choice((right[at + 1 :], swapped, dice.choice("aeinrst") + right[at:]))
    return None if wrong in _WORD.findall(text) else wrong


def missing_hints(original: str, dice: random.Random) -> Task | None:
    """A signature without its type hints."""
    return _of_signature(original, dice, "add_type_hints")


def missing_docstring(original: str, dice: random.Random) -> Task | None:
    """A function of more than a docstring, without it."""
    return _of_signature(original, dice, "write_docstring")


def _of_signature(original: str, dice: random.Random, action: str) -> Task | None:
    functions = [
        node for node in ast.walk(ast.parse(original)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    dice.shuffle(functions)
    for node in functions:
        lines = original.split("\n")
        first, last = node.lineno - 1, node.body[0].lineno - 1
        if action == "write_docstring":
            end = node.body[0].end_lineno or 0
            if ast.get_docstring(node) is None or len(node.body) < _MIN_STATEMENTS or last <= first:
                continue
            lines[last:end] = []
        else:
            plain = ast.parse(ast.unparse(node)).body[0]
            hinted = [each for each in ast.walk(plain) if isinstance(each, ast.arg) and each.annotation]
            if not hinted or "#" in "".join(lines[first:last]) or last <= first:
                continue
            for each in hinted:
                each.annotation = None
            plain.returns = None
            indent = " " * node.col_offset
            lines[first:last] = [indent + ast.unparse(plain).split("\n")[len(node.decorator_list)]]
        return Task(action, "\n".join(lines), original, Place(first, first, 0, 0))
    return None


MAKERS = {
    "syntax error": syntax_error,
    "body removed": missing_body,
    "name not defined": wrong_name,
    "name misspelt": misspelt_name,
    "hints removed": missing_hints,
    "docstring removed": missing_docstring,
}
