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


def test_first_ghost_text_needs_no_setting(vscode):
    file = vscode.load(CODE)
    wait_ready(vscode)
    vscode.type("(")
    vscode.wait(lambda: vscode.ghost() == "values")
    assert vscode.lines()[-1] == BEFORE + ")", "VS Code closes the parenthesis, the ghost is not in the document"
    vscode.shoot("first-ghost")
    vscode.press("Tab")
    vscode.wait(lambda: vscode.saved(file).endswith(BEFORE + "values)"))
    assert "from the PATH: sotto" in vscode.server.log()


@check("line end", "accepted whole")
def test_ghost_text_at_a_lines_end_is_accepted_with_tab(window):
    file = window.open_text(CODE + "(values)\n\n\nprint(mean")
    window.type("(")
    window.press("Delete")  # what VS Code has closed
    ghost = window.wait(window.ghost)
    assert window.screen()[-1] == "print(mean(" + ghost.split("\n")[0]
    window.shoot("line-end")
    window.press("Tab")
    window.wait(lambda: window.saved(file).endswith("print(mean(" + ghost))


@check("mid-line")
def test_ghost_text_in_mid_line_leaves_the_text_after_it(window):
    file = window.open_text(STAT, 5, 20)
    window.type("p")
    assert window.stays(lambda: not window.ghost()), "words follow, and nobody asked"
    window.run("Trigger Inline Suggestion")
    ghost = window.wait(window.ghost)
    assert window.screen()[4] == f"    return os.stat(p{ghost}).st_size"
    window.shoot("mid-line")
    window.press("Tab")
    window.wait(lambda: window.saved(file) == STAT.replace("()", f"(p{ghost})"))


@check("several lines")
def test_ghost_text_of_several_lines_is_accepted_whole(window):
    file = window.open_text(TRY)
    window.run("Trigger Inline Suggestion")
    window.wait(lambda: window.look() == (TRY.split("\n"), HANDLED))
    assert window.screen()[3:] == ["    except ValueError:", "        return 0"]
    window.shoot("several-lines")
    window.press("Tab")
    window.wait(lambda: window.saved(file) == TRY + HANDLED)


@check("accepted by word")
@pytest.mark.parametrize("key", ["Control+ArrowRight", "Control+Alt+W"], ids=["VS Code's key", "sotto.acceptWord"])
def test_accept_word_leaves_the_rest_shown(window, key):
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
def test_accept_line_leaves_the_rest_shown(window):
    file = window.open_text(TRY)
    window.run("Trigger Inline Suggestion")
    window.wait(lambda: window.ghost() == HANDLED)
    window.press("Control+Alt+L")
    first = [*TRY.split("\n")[:3], "    except ValueError:", ""]
    window.wait(lambda: window.look() == (first, "        return 0"))
    window.press("Control+Alt+L")
    window.wait(lambda: window.saved(file) == TRY + HANDLED)


@check("typed along")
def test_type_through_then_accept_inserts_nothing_twice(window):
    file = window.open_text(CODE)
    window.type("(")
    window.wait(lambda: window.ghost() == "values")
    for number, key in enumerate("val", 1):
        window.press(key)
        window.wait(lambda n=number: window.look()[1] == "values"[n:])
    window.press("Tab")
    window.wait(lambda: window.saved(file).endswith(BEFORE + "values)"))


def test_accept_right_after_a_key_fits_the_typed_text(window):
    file = window.open_text(CODE)
    window.type("(")
    window.wait(lambda: window.ghost() == "values")
    window.type("val", 0)
    window.press("Tab")
    window.wait(lambda: "total / len(val" in window.saved(file))
    assert window.saved(file).split("\n")[2].rstrip() in (BEFORE + "values)", BEFORE + "val)")


def test_stale_ghost_goes_with_other_text_and_with_escape(window):
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
