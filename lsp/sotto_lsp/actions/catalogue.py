"""The list of actions: which there are, and for a place in a document which are offered. Runs no model.

A row is for all languages; what a language's syntax cannot find is not offered there.
"""

from collections.abc import Sequence

from sotto_lsp.actions.action import Action, Find, Product
from sotto_lsp.actions.instruct.template import load_template
from sotto_lsp.actions.places.find_code import find_code
from sotto_lsp.actions.places.find_error import find_error
from sotto_lsp.actions.places.find_function import find_stub, find_testable, find_undocumented, find_unhinted
from sotto_lsp.actions.places.find_instruction import find_instructed
from sotto_lsp.actions.places.find_line import find_diagnosed, find_statement, find_todo, find_undefined
from sotto_lsp.actions.places.place import Place
from sotto_lsp.actions.search.search import NAMES, SYNTAX
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import Target

ACTIONS: tuple[Action, ...] = (
    Action("fix_syntax", load_template("fix_syntax"), find_error, search=SYNTAX),
    Action("fix_name", load_template("fix_name"), find_undefined, for_diagnostic=True, search=NAMES),
    Action("fix_line", load_template("fix_line"), find_diagnosed, for_diagnostic=True),
    Action("complete_body", load_template("complete_body"), find_stub, every_checker=True),
    Action("implement_todo", load_template("implement_todo"), find_todo, every_checker=True),
    Action("add_type_hints", load_template("add_type_hints"), find_unhinted, every_checker=True),
    Action("write_docstring", load_template("write_docstring"), find_undocumented),
    Action("simplify", load_template("simplify"), find_code, every_checker=True),
    Action("rewrite_selection", load_template("rewrite_selection"), find_instructed, every_checker=True),
    Action("write_tests", load_template("write_tests"), find_testable, product=Product.TESTS),
    Action("explain", load_template("explain"), find_code, product=Product.TEXT),
    Action("rewrite_line", load_template("rewrite_line"), find_statement, num_choices=3, every_checker=True),
)


def find_action(name: str, more: Sequence[Action] = ()) -> Action | None:
    return next((action for action in (*ACTIONS, *more) if action.name == name), None)


def find_offered(
    snapshot: DocumentSnapshot,
    places: list[Place],
    good_for: frozenset[str],
    more: Sequence[Action] = (),
) -> list[tuple[Action, Place, Target]]:
    """The actions for the cursor or selection (the first place) and the diagnostics (the others), in order.

    more: the user's own actions, after the others.
    """
    lines, syntax = Lines(snapshot), syntax_of(snapshot.language_id)
    targets: dict[tuple[Find, Place], Target | None] = {}
    """What several actions look for is looked for once."""
    found: list[tuple[Action, Place, Target]] = []
    for place in places:
        is_diagnosed = place is not places[0]
        for action in (*ACTIONS, *more):
            if action.template.needs not in good_for or action.for_diagnostic is not is_diagnosed:
                continue
            if any(each.template.title == action.template.title for each, at, _ in found if at is place):
                continue  # a user's own action that is called like another
            key = (action.find, place)
            target = targets[key] = targets[key] if key in targets else action.find(lines, place)
            if target is None or syntax.is_hopeless(snapshot.text, target):
                continue
            found.append((action, place, target))
            if is_diagnosed:
                break  # the first that fits a diagnostic knows it best
    return found
