"""Where the actions stand and what they ask the model for, drawn in tests/golden/actions.txt; the templates."""

import re
from pathlib import Path

import pytest

from sotto_engine.request import StopAt
from sotto_lsp.actions.catalogue import ACTIONS, find_action
from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.snapshot import DocumentSnapshot

TEMPLATES = Path(__file__).parents[3] / "lsp/sotto_lsp/actions/templates"
GOLDEN = (Path(__file__).parents[2] / "golden/actions.txt").read_text(encoding="utf-8")
CASES = [case.split("\n", 1) for case in re.split(r"^=== ", GOLDEN, flags=re.MULTILINE)[1:]]


def target_at(action, drawn):
    offset = drawn.index("▮")
    text = drawn.replace("▮", "")
    snapshot = DocumentSnapshot.of(text, language_id="python")
    line, lines = snapshot.position_at(offset).line, Lines(snapshot)
    return text, find_action(action).find(lines, Place(line, line, offset, offset))


@pytest.mark.parametrize(("title", "drawn"), CASES, ids=[title for title, _ in CASES])
def test_holes_are_as_drawn(title, drawn):
    before, *expected = re.split(r"^--- ", drawn.rstrip("\n"), flags=re.MULTILINE)
    text, target = target_at(title.split(":")[0], before.rstrip("\n"))
    wanted = {}
    for each in expected:
        name, picture = each.split("\n", 1)
        wanted[name] = picture.rstrip("\n")
    holes = target.holes if target else {}
    assert {
        name: text[: hole.start] + hole.lead + "├" + text[hole.start : hole.end] + "┤" + text[hole.end :]
        for name, hole in holes.items()
    } == wanted


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_lead_of_a_hole_has_the_documents_line_ends(newline):
    text, target = target_at("implement_todo", f"x = 1{newline}  # TODO▮ it{newline}")
    assert target.holes["below"].lead == newline + "  "
    request = find_action("implement_todo").template.request(
        text, target.holes["below"], "a.py", find_action("implement_todo").template.attempts[0].sampling
    )
    assert request.prefix == "x = 1\n  # TODO it\n  ", "the model sees newlines only"


def test_templates_ask_only_for_holes_that_there_are():
    assert {path.stem for path in TEMPLATES.glob("*.toml")} == {action.name for action in ACTIONS}
    drawn = {
        title.split(":")[0]: target_at(title.split(":")[0], picture.split("\n---")[0])
        for title, picture in CASES[::-1]
    }
    for name in ("complete_body", "implement_todo", "rewrite_line", "fix_syntax"):
        _, target = drawn[name]
        assert {attempt.hole for attempt in find_action(name).template.attempts} <= set(target.holes)


def test_request_is_the_text_around_the_hole():
    text, target = target_at("rewrite_line", "def f(x):\n    return ▮x\n\ny = 1\n")
    template = find_action("rewrite_line").template
    request = template.request(text, target.holes["line"], "a.py", template.attempts[1].sampling)
    assert (request.prefix, request.suffix) == ("def f(x):\n    ", "\n\ny = 1\n")
    assert request.limits.stop_at is StopAt.LINE and request.sampling.first_rank == 1
    assert request.limits.min_probability == 0, "the checks decide, not how sure the model is"


def test_undefined_name_is_a_hole_of_its_own():
    text = "total = 1\nprint(totl + 1)\n"
    lines = Lines(DocumentSnapshot.of(text, language_id="python"))
    place = Place(1, 1, 16, 20, 'Undefined name "totl"')
    target = find_action("fix_name").find(lines, place)
    assert text[target.holes["name"].start : target.holes["name"].end] == "totl"
    assert target.unwanted == "totl" and target.is_name
    for other in ("unused variable", ""):
        assert find_action("fix_name").find(lines, Place(1, 1, 16, 20, other)) is None


def test_diagnostic_is_about_its_line_from_where_it_begins():
    text = "def f(x):\n    return len(x) == None\n"
    lines = Lines(DocumentSnapshot.of(text, language_id="python"))
    target = find_action("fix_line").find(lines, Place(1, 1, 21, 35, "comparison to None"))
    assert text[target.holes["rest"].start : target.holes["rest"].end] == "len(x) == None"
    assert find_action("fix_line").find(lines, Place(0, 1, 0, 30, "over two lines")) is None
