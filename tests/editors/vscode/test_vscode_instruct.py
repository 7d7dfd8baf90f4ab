"""Actions of an instruct model in a real VS Code, whose answers are written down; and edits that are snippets."""

import pytest

from editors.action_examples import STUB
from editors.instruct_examples import CODE, SHORT, SHORTER, write_scripted_program
from editors.vscode.vscode_session import ACTIONS, check, choose_action, started, wait_ready

CHOICES = ".suggest-widget.visible .monaco-list-row"
LINE = "def mean(values):\n    total = sum(values)\n    return total / len(values)\n"
WRITE = "Write tests for this function"
TESTS = "_of_none():\n    assert area([]) == []\n\n\ndef test_area_of_two():\n    assert area([1, 2]) == [3, 7]"


@pytest.fixture(scope="module")
def window(request, tmp_path_factory):
    """Its server gives the answers in the order of the tests."""
    with started(request, tmp_path_factory) as window:
        program = write_scripted_program(tmp_path_factory.mktemp("bin"), SHORT, SHORT, TESTS)
        window.set(server_path=str(program), actionCandidates=8)
        window.load()
        window.wait(lambda: "from sotto.server.path" in window.server.log())
        wait_ready(window)
        yield window


@check("code action")
@pytest.mark.parametrize(
    "title", ["Simplify", "Rewrite selection as: Say it in one line."], ids=["simplify", "rewrite"]
)
def test_rewrite_replaces_the_selected_lines(window, title):
    file = window.open_text(CODE, 3, 1)
    window.press("Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown")
    choose_action(window, title)
    window.wait(lambda: window.lines() == SHORTER.split("\n"))
    window.wait(lambda: any("names that other code uses are kept" in each for each in window.messages()))
    window.shoot(f"{title.split()[0]}-done")
    window.wait(lambda: window.saved(file) == SHORTER)


@check("code action")
def test_written_tests_go_into_a_new_file(window):
    file = window.open_text(CODE, 1, 5)
    window.run("Source Action...")  # where VS Code has actions of this kind
    window.wait(lambda: WRITE in window.rows(ACTIONS))
    window.shoot("write-tests")
    window.click(ACTIONS, WRITE)
    tests = file.with_name(f"test_{file.name}")
    window.wait(lambda: any("the tests were not run" in each for each in window.messages()))
    window.shoot("tests")
    window.wait(tests.exists)
    window.run("File: Save All Files")
    window.wait(lambda: "test_area_of_none" in tests.read_text())
    assert "test_area_of_two" in tests.read_text()


@check("code action")
def test_choice_replaces_the_line_in_its_place(window):
    window.open_text(LINE, 3, 6)
    choose_action(window, "Rewrite line: 3 alternatives")
    window.wait(lambda: len(window.rows(CHOICES)) > 1)
    window.shoot("choice")
    offered = [row.strip() for row in window.rows(CHOICES)]
    assert window.lines()[2].strip() == offered[0]
    window.press("ArrowDown", "Enter")
    window.wait(lambda: window.lines()[2].strip() == offered[1])
    assert [*window.lines()[:2], *window.lines()[3:]] == [*LINE.split("\n")[:2], ""]


@check("code action")
def test_cursor_stands_after_the_body_that_was_written(window):
    window.open_text(STUB, 7, 9)
    choose_action(window, "Complete this body")
    window.wait(lambda: "        return self.name" in window.lines())
    window.type("  # typed", 0)
    window.wait(lambda: "        return self.name  # typed" in window.lines())
