"""The list of actions: which there are, and for a place in a document which are offered. Runs no model."""

from collections.abc import Callable, Sequence

from sotto_lsp.actions.action import Action, Find, Product
from sotto_lsp.actions.checks.check import baseline
from sotto_lsp.actions.parsed_rows import PARSED_ACTIONS
from sotto_lsp.actions.places.find_code import find_code
from sotto_lsp.actions.places.find_instruction import find_instructed
from sotto_lsp.actions.places.find_line import (
    find_diagnosed,
    find_rewrite,
    find_syntax_error,
    find_todo,
    find_undefined,
)
from sotto_lsp.actions.places.find_testable import find_testable
from sotto_lsp.actions.places.place import Place
from sotto_lsp.actions.search.search import NAMES, SYNTAX
from sotto_lsp.actions.template import load_template
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.syntax.python.find_body import find_body
from sotto_lsp.syntax.python.parsing import SyntaxProblem, syntax_problem
from sotto_lsp.syntax.python.signatures import find_undocumented, find_unhinted
from sotto_lsp.syntax.target import PYTHON, Target
from sotto_lsp.syntax.tree_sitter.language import language_of
from sotto_lsp.syntax.tree_sitter.trees import MAX_PARSED_CHARS


def _one_line(find: Callable[[Lines, int], Target | None]) -> Find:
    return lambda lines, place: find(lines, place.first_line) if place.first_line == place.last_line else None


def _body(lines: Lines, place: Place) -> Target | None:
    return find_body(lines, place.first_line)


def _first_problem(text: str) -> SyntaxProblem | None:
    return syntax_problem(text) if len(text) <= MAX_PARSED_CHARS else None


def _syntax(lines: Lines, place: Place) -> Target | None:
    problem = _first_problem(lines.snapshot.text)
    if problem is None or not place.first_line <= problem.line <= place.last_line:
        return None
    return find_syntax_error(lines, problem)


def _undefined(lines: Lines, place: Place) -> Target | None:
    return find_undefined(lines, place.start, place.end, place.message)


def _diagnosed(lines: Lines, place: Place) -> Target | None:
    return find_diagnosed(lines, place.start, place.end)


ACTIONS: tuple[Action, ...] = (
    Action("fix_syntax", load_template("fix_syntax"), _syntax, search=SYNTAX),
    Action("fix_name", load_template("fix_name"), _undefined, for_diagnostic=True, search=NAMES),
    Action("fix_line", load_template("fix_line"), _diagnosed, for_diagnostic=True),
    Action("complete_body", load_template("complete_body"), _body, every_checker=True),
    Action("implement_todo", load_template("implement_todo"), _one_line(find_todo), every_checker=True),
    Action("add_type_hints", load_template("add_type_hints"), _one_line(find_unhinted), every_checker=True),
    Action("write_docstring", load_template("write_docstring"), _one_line(find_undocumented)),
    Action("simplify", load_template("simplify"), find_code, every_checker=True),
    Action("rewrite_selection", load_template("rewrite_selection"), find_instructed, every_checker=True),
    Action("write_tests", load_template("write_tests"), find_testable, product=Product.TESTS),
    Action("explain", load_template("explain"), find_code, product=Product.TEXT),
    Action(
        "rewrite_line",
        load_template("rewrite_line"),
        _one_line(find_rewrite),
        num_choices=3,
        every_checker=True,
    ),
)


def actions_in(language_id: str) -> tuple[Action, ...]:
    """None where answers could not be checked."""
    if language_id == PYTHON:
        return ACTIONS
    return PARSED_ACTIONS if language_of(language_id) is not None else ()


def find_action(name: str, more: Sequence[Action] = (), language_id: str = PYTHON) -> Action | None:
    return next((action for action in (*actions_in(language_id), *more) if action.name == name), None)


def offered(
    snapshot: DocumentSnapshot,
    places: list[Place],
    good_for: frozenset[str],
    more: Sequence[Action] = (),
) -> list[tuple[Action, Place]]:
    """The actions for the cursor or selection (the first place) and the diagnostics (the others), in order.

    more: the user's own actions, behind the others.
    """
    rows = actions_in(snapshot.language_id)
    if not rows or not good_for:
        return []
    lines = Lines(snapshot)
    targets: dict[tuple[Find, Place], Target | None] = {}
    """What several actions look for is looked for once."""
    found: list[tuple[Action, Place]] = []
    text = snapshot.text
    is_broken = snapshot.language_id == PYTHON and _first_problem(text) is not None
    for place in places:
        diagnosed = place is not places[0]
        for action in (*rows, *more):
            if action.template.needs not in good_for or action.for_diagnostic is not diagnosed:
                continue
            if any(each.template.title == action.template.title for each, at in found if at is place):
                continue  # for another kind of model
            key = (action.find, place)
            target = targets[key] = targets[key] if key in targets else action.find(lines, place)
            if target is None or (is_broken and not _can_help(text, target)):
                continue
            found.append((action, place))
            if diagnosed:
                break  # the first that fits a diagnostic knows it best
    return found


def _can_help(text: str, target: Target) -> bool:
    """A document that Python does not parse stays so under most actions, whatever the model says."""
    return target.is_syntax_error or ("body" in target.holes and baseline(text, target) is not None)
