"""Ghost text in a real VS Code, on its screen: the packed extension, the real server, the embedded model."""

import pytest

from e2e.raw_client import EVERYTHING
from editors.vscode.vscode_session import CODE, check, started, wait_ready

BEFORE = "    return total / len("
TRY = "def parse(text):\n    try:\n        return int(text)\n    "
STAT = "import os\n\n\ndef size(path):\n    return os.stat().st_size\n"
HANDLED = "except ValueError:\n        return 0"


@pytest.fixture(scope="module")
def vscode(request, tmp_path_factory):
    with started(request, tmp_path_factory) as window:
        yield window


@pytest.fixture
def window(vscode):
    """The module's window, which shows also what the model is not sure of."""
    if not (vscode.folder / ".vscode").exists():
        vscode.set(**EVERYTHING)
        vscode.load()
        wait_ready(vscode)
    return vscode


def test_the_first_ghost_text_comes_without_a_setting_being_touched(vscode):
    file = vscode.load(CODE)
    wait_ready(vscode)
    vscode.type("(")
    vscode.wait(lambda: vscode.ghost() == "values")
    assert vscode.lines()[-1] == BEFORE + ")", (
        "VS Code closes the parenthesis, the ghost is not in the document"
    )
    vscode.shoot("first-ghost")
    vscode.press("Tab")
    vscode.wait(lambda: vscode.saved(file).endswith(BEFORE + "values)"))
    assert "from the PATH: sotto" in vscode.server.log()


@check("line end", "accepted whole")
def test_ghost_text_at_the_end_of_a_line_is_accepted_whole_with_tab(window):
    file = window.open_text(CODE + "(values)\n\n\nprint(mean")
    window.type("(")
    window.press("Delete")  # what VS Code has closed
    ghost = window.wait(window.ghost)
    assert window.screen()[-1] == "print(mean(" + ghost.split("\n")[0]
    window.shoot("line-end")
    window.press("Tab")
    window.wait(lambda: window.saved(file).endswith("print(mean(" + ghost))


@check("mid-line")
def test_ghost_text_in_the_middle_of_a_line_leaves_what_follows(window):
    file = window.open_text(STAT, 5, 20)
    window.type("p")
    ghost = window.wait(window.ghost)
    assert window.screen()[4] == f"    return os.stat(p{ghost}).st_size"
    window.shoot("mid-line")
    window.press("Tab")
    window.wait(lambda: window.saved(file) == STAT.replace("()", f"(p{ghost})"))


@check("several lines")
def test_ghost_text_over_several_lines_is_shown_below_and_accepted_whole(window):
    file = window.open_text(TRY)
    window.run("Trigger Inline Suggestion")
    window.wait(lambda: window.look() == (TRY.split("\n"), HANDLED))
    assert window.screen()[3:] == ["    except ValueError:", "        return 0"]
    window.shoot("several-lines")
    window.press("Tab")
    window.wait(lambda: window.saved(file) == TRY + HANDLED)


@check("accepted by word")
@pytest.mark.parametrize(
    "key", ["Control+ArrowRight", "Control+Alt+W"], ids=["VS Code's key", "sotto.acceptWord"]
)
def test_a_word_is_accepted_and_the_rest_stays(window, key):
    file = window.open_text(TRY)
    window.run("Trigger Inline Suggestion")
    window.wait(lambda: window.ghost() == HANDLED)
    above = TRY.split("\n")[:3]
    for taken, rest in [("except", " ValueError:"), ("except ", "ValueError:"), ("except ValueError", ":")]:
        window.press(key)
        expected = ([*above, "    " + taken], rest + "\n        return 0")
        window.wait(lambda expected=expected: window.look() == expected)
    window.wait(lambda: window.saved(file) == TRY + "except ValueError")


@check("accepted by line")
def test_a_line_is_accepted_and_the_rest_stays(window):
    file = window.open_text(TRY)
    window.run("Trigger Inline Suggestion")
    window.wait(lambda: window.ghost() == HANDLED)
    window.press("Control+Alt+L")
    first = [*TRY.split("\n")[:3], "    except ValueError:", ""]
    window.wait(lambda: window.look() == (first, "        return 0"))
    window.press("Control+Alt+L")
    window.wait(lambda: window.saved(file) == TRY + HANDLED)


@check("typed along")
def test_what_was_typed_along_a_ghost_is_not_there_twice_when_it_is_accepted(window):
    file = window.open_text(CODE)
    window.type("(")
    window.wait(lambda: window.ghost() == "values")
    for number, key in enumerate("val", 1):
        window.press(key)
        window.wait(lambda n=number: window.look()[1] == "values"[n:])
    window.press("Tab")
    window.wait(lambda: window.saved(file).endswith(BEFORE + "values)"))


def test_a_ghost_accepted_in_the_moment_after_the_last_key_fits_what_was_typed(window):
    file = window.open_text(CODE)
    window.type("(")
    window.wait(lambda: window.ghost() == "values")
    window.type("val", 0)
    window.press("Tab")
    window.wait(lambda: "total / len(val" in window.saved(file))
    assert window.saved(file).split("\n")[2].rstrip() in (BEFORE + "values)", BEFORE + "val)")


def test_something_else_typed_takes_the_ghost_away_and_escape_too(window):
    window.open_text(CODE)
    window.type("(")
    window.wait(lambda: window.ghost() == "values")
    window.type("42 +")
    window.wait(lambda: window.lines()[-1] == BEFORE + "42 +)" and window.ghost() != "values")
    window.open_text(CODE)
    window.type("(")
    window.wait(lambda: window.ghost() == "values")
    window.press("Escape")
    window.wait(lambda: not window.ghost())
    assert window.stays(lambda: not window.ghost())
