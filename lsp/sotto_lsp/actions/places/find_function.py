"""A function by what it lacks: its body, type hints, a docstring, tests."""

from dataclasses import replace

from sotto_lsp.actions.places.find_code import find_function
from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.line_ends import find_line_end
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import BODY, Addition, Hole, Target


def find_stub(lines: Lines, place: Place) -> Target | None:
    """The function that the cursor's line is part of, if its body is still to be written."""
    stub = syntax_of(lines.snapshot.language_id).find_stub(lines, place.first_line)
    return stub and Target.of_lines(lines, stub.first, stub.last, {BODY: stub.hole})


def find_unhinted(lines: Lines, place: Place) -> Target | None:
    """A signature that lacks type hints."""
    if place.first_line != place.last_line:
        return None
    bounds = syntax_of(lines.snapshot.language_id).find_unhinted(lines, place.first_line)
    if bounds is None:
        return None
    signature = Hole(lines.start(bounds[0]), lines.end(bounds[1]))
    return replace(Target.of_lines(lines, *bounds, {"signature": signature}), addition=Addition.HINTS)


def find_undocumented(lines: Lines, place: Place) -> Target | None:
    """A function without a docstring; the hole is a new line below its signature."""
    if place.first_line != place.last_line:
        return None
    bounds = syntax_of(lines.snapshot.language_id).find_undocumented(lines, place.first_line)
    if bounds is None:
        return None
    end = lines.end(bounds[1])
    below = Hole(end, end, find_line_end(lines.snapshot.text))
    return replace(Target.of_lines(lines, *bounds, {"below": below}), addition=Addition.DOCSTRING)


def find_testable(lines: Lines, place: Place) -> Target | None:
    """A function that tests can import; `words` has its `name`."""
    name = syntax_of(lines.snapshot.language_id).find_testable(lines, place.first_line)
    target = find_function(lines, place) if name else None
    return target and replace(target, words={"name": name or ""})
