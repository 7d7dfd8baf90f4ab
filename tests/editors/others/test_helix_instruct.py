"""The actions of an instruct model in a real Helix: the real server, and answers that are written down."""

import pytest

from editors.instruct_examples import CODE, SHORT, SHORTER, scripted_server
from editors.sessions.helix_session import ENTER

NEXT = "\x0e"
OF_LINES = ["Simplify", "Rewrite selection as: Say it in one line.", "Explain"]
OF_A_FUNCTION = ["Add type hints", "Write docstring", "Simplify", "Write tests for this function", "Explain"]


@pytest.fixture
def open_scripted(open_helix, tmp_path):
    """A Helix whose server gives these answers, ready."""

    def start(*answers):
        helix = open_helix(CODE, scripted_server(tmp_path, *answers))
        helix.wait_ready()
        return helix

    return start


def choose(helix, title, place, menu):
    """From the menu at a place that keys go to; `menu` is all that is in it."""
    helix.input(place, " ", "a")
    helix.wait(lambda: all(map(helix.row_with, menu)))
    helix.input(*[NEXT] * menu.index(title), ENTER)


@pytest.mark.editor_check("Helix", "code action")
@pytest.mark.parametrize("title", OF_LINES[:2], ids=["simplify", "rewrite"])
def test_rewrite_replaces_the_selected_lines(open_scripted, title):
    helix = open_scripted(SHORT)
    choose(helix, title, "3ggxxx", OF_LINES)
    helix.wait(lambda: helix.row_with(SHORT) and helix.row_with("checked that the file compiles"))
    assert helix.text() == SHORTER
    helix.input("u")
    helix.wait(lambda: helix.row_with("out.append(3 * r)") and not helix.row_with(SHORT))


@pytest.mark.editor_check("Helix", "code action")
def test_explanation_is_shown_and_the_code_stays_as_it_was(open_scripted):
    helix = open_scripted("It multiplies.")
    choose(helix, "Explain", "1gg", OF_A_FUNCTION)
    helix.wait(lambda: helix.row_with("It multiplies.") and helix.row_with("That is all."))
    helix.input("ga")  # the file before
    helix.wait(lambda: helix.row_with("out.append(3 * r)"))
    assert helix.text() == CODE
