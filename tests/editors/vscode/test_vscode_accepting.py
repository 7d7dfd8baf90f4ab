"""What the real server suggests in a real VS Code leaves the file whole: closers, line ends, tabs, cells."""

import json

import pytest

from e2e.raw_client import EVERYTHING
from editors.vscode.vscode_session import CODE, check, started, wait_ready

TRY = "def parse(text):\n    try:\n        return int(text)\n    "
HANDLED = "except ValueError:\n        return 0"
CLASS = "class Lock:\n    def __init__(self):\n        self.closed = False\n\n    def"
DEFINES = "def add_numbers(first, second):\n    return first + second"


@pytest.fixture(scope="module")
def vscode(request, tmp_path_factory):
    with started(request, tmp_path_factory) as window:
        window.set(**EVERYTHING)
        window.load()
        yield window


@pytest.fixture
def window(vscode):
    wait_ready(vscode)
    return vscode


@check("mid-line", "accepted whole")
def test_closers_are_replaced_by_what_goes_on_after_them(window):
    file = window.open_text(CLASS)
    window.type(" is_closed(")
    window.wait(lambda: window.ghost().startswith("self"))
    window.shoot("is-closed")
    window.press("Tab")
    window.wait(lambda: window.saved(file).startswith(f"{CLASS} is_closed(self):"))
    assert ")" not in window.saved(file).partition("is_closed(self):")[2].split("\n")[0]


@check("line end", "accepted whole")
def test_closers_of_a_call_are_written_once(window):
    file = window.open_text(CODE)
    window.type("(")
    window.wait(window.ghost)
    window.press("Tab")
    window.wait(lambda: window.saved(file) == CODE + "(values)")


@check("several lines")
@pytest.mark.parametrize("respell", [("\n", "\r\n"), ("    ", "\t"), ("    ", "  ")], ids=["dos", "tabs", "2 spaces"])
def test_ghost_is_saved_as_the_file_is_written(window, respell):
    text, rest = TRY.replace(*respell), HANDLED.replace(*respell)
    file = window.open_text(text)
    window.run("Trigger Inline Suggestion")
    window.wait(window.ghost)
    window.shoot(f"written-{len(respell[1])}-{respell[1].encode().hex()}")
    window.press("Tab")
    window.wait(lambda: window.saved(file) == text + rest)


def test_cell_of_a_notebook_uses_what_another_defines(window):
    file = window.open_notebook(DEFINES, "total = add_n", "print(total)", at=1)
    window.type("u")
    window.wait(lambda: window.ghost() == "mbers(first, second)")
    window.shoot("notebook")
    window.press("Tab")
    expected = "total = add_numbers(first, second)"
    window.wait(lambda: expected in window.lines())
    window.press("Control+S")
    window.wait(lambda: "".join(json.loads(file.read_text())["cells"][1]["source"]) == expected)


def test_cell_that_was_written_in_the_window_is_seen_by_the_next(window):
    window.open_notebook("x = 1", "total = mul_n", at=0)
    window.type("\ndef mul_numbers(left, right):\nreturn left * right", 20)
    window.press("Escape")
    window.click(".notebookOverlay .view-line", "total = mul_n")
    window.press("Control+End")
    window.type("u")
    window.wait(lambda: window.ghost().startswith("mbers(left"))


def test_magic_in_a_notebook_gets_nothing_and_says_why(window):
    window.open_notebook(DEFINES, "!pip inst", at=1)
    window.type("a")
    assert window.stays(lambda: not window.ghost(), 2)
    window.wait(lambda: "Last answer: This line is a command for the notebook." in window.status())
    window.run("Sotto: Explain Last Suggestion")
    window.wait(lambda: any("This line is a command for the notebook." in row for row in window.rows()))
    window.shoot("explained-magic")
    window.press("Escape")


def test_language_is_turned_off_and_on_from_the_menu(window):
    window.open_text(CODE)
    window.click('[id="sotto.sotto.sotto"] a')
    window.choose("Turn off for python")
    window.wait(lambda: "sotto.disabledLanguages names python" in window.status())
    window.shoot("language-off")
    window.type("(")
    assert window.stays(lambda: not window.ghost(), 2)
    window.click('[id="sotto.sotto.sotto"] a')
    window.choose("Turn on for python")
    wait_ready(window)
    window.open_text(CODE)
    window.type("(")
    window.wait(lambda: window.ghost().startswith("values"))
