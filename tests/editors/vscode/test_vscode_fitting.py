"""How a real VS Code draws and accepts what a script suggests: over closers, in dos files, by tabs, in snippets."""

import json

import pytest

from editors import scripted_ghosts
from editors.vscode.code_server import SNIPPET_KEY
from editors.vscode.vscode_session import check, started, write_program

GHOSTS = {
    "def is_closed(": ["self):", 1],
    "items[": ["0]:", 1],
    "done(": ["first, {}))", 1],
    "pair((": ["a, b)):", 2],
    'name = "': ['abc"', 1],
    'open("': ['a.txt") as file:', 2],
    "total = ": ["foo(bar)", 0],
    "print(": ["foo(bar))", 1],
    "call(7": [" + value", 0],
    "try:": ["\r\n    pass\r\nexcept ValueError:", 0],
    "class A:": ["\n\tdef run(self):\n\t\tpass", 0],
}
"""Before the cursor; what is suggested, and how many characters after the cursor it takes the place of."""
CLASS = "class L:\n    def"


@pytest.fixture(scope="module")
def window(request, tmp_path_factory):
    with started(request, tmp_path_factory) as window:
        folder = tmp_path_factory.mktemp("bin")
        (folder / "ghosts.json").write_text(json.dumps(GHOSTS))
        program = write_program(folder, scripted_ghosts.__file__, folder / "ghosts.json")
        window.set(server_path=str(program))
        window.load("total = ")
        window.wait(lambda: "from sotto.server.path" in window.server.log())

        def has_answered():  # VS Code asks after a key, and not again when the server has come up
            window.press("x", "Backspace")
            return not window.stays(lambda: not window.ghost(), 2)

        window.wait(has_answered, 120)
        yield window


def shows(window, ghost):
    window.wait(lambda: window.ghost() == ghost)


@check("mid-line", "accepted whole")
@pytest.mark.parametrize(
    ("before", "typed", "closed", "drawn", "accepted"),
    [
        (CLASS, " is_closed(", "()", "self):", CLASS + " is_closed(self):"),
        ("if items", "[", "[]", "0]:", "if items[0]:"),
        ("done", "(", "()", "first, {}))", "done(first, {}))"),
        ("if pair", "((", "(())", "a, b)):", "if pair((a, b)):"),
        ("name =", ' "', '""', 'abc"', 'name = "abc"'),
        ("with open", '("', '("")', 'a.txt") as file:', 'with open("a.txt") as file:'),
    ],
    ids=["bracket", "index", "two closers", "two brackets", "quote", "quote and bracket"],
)
def test_ghost_takes_the_place_of_what_the_editor_closed(window, before, typed, closed, drawn, accepted):
    file = window.open_text(before)
    window.type(typed)
    window.wait(lambda: window.lines()[-1].endswith(closed))
    window.wait(window.ghost)
    window.shoot(f"closers-{typed.strip()[-1].encode().hex()}-{len(closed)}")
    assert window.screen()[-1] == accepted.split("\n")[-1], window.look()
    window.press("Tab")
    window.wait(lambda: window.saved(file) == accepted)


def test_closer_stays_behind_what_is_accepted_by_word(window):
    file = window.open_text("print")
    window.type("(")
    window.wait(lambda: window.screen()[-1] == "print(foo(bar))")
    window.press("Control+ArrowRight")
    window.wait(lambda: window.lines()[-1] == "print(foo)")
    window.press("Control+ArrowRight")
    window.wait(lambda: window.lines()[-1].startswith("print(foo("))
    window.shoot("accepted-by-word")
    window.wait(lambda: window.saved(file) == "print(foo()")


def test_ghost_in_a_line_accepted_by_word_leaves_what_follows(window):
    file = window.open_text("total =")
    window.type(" ")
    shows(window, "foo(bar)")
    window.press("Control+ArrowRight", "Control+ArrowRight")
    window.wait(lambda: window.lines()[-1].startswith("total = foo("))
    window.wait(lambda: window.saved(file) in ("total = foo(", "total = foo()"))


@check("several lines", "accepted whole")
@pytest.mark.parametrize(
    ("before", "typed", "expected"),
    [
        ("import os\r\ntry", ":", "import os\r\ntry:\r\n    pass\r\nexcept ValueError:"),
        ("import os\n\nclass B:\n\tx = 1\n\nclass A", ":", "\n\nclass A:\n\tdef run(self):\n\t\tpass"),
    ],
    ids=["dos", "tabs"],
)
def test_ghost_of_several_lines_is_saved_as_the_file_is_written(window, before, typed, expected):
    file = window.open_text(before)
    window.type(typed)
    window.wait(window.ghost)
    window.shoot("dos" if "\r" in before else "tabs")
    assert "\r" not in "".join(window.screen())
    window.press("Tab")
    window.wait(lambda: window.saved(file).endswith(expected))
    assert window.saved(file).replace("\r\n", "").count("\r") == 0


def test_snippet_jumps_while_a_ghost_could_be_shown(window):
    file = window.open_text("")
    window.press(SNIPPET_KEY)
    window.wait(lambda: window.lines() == ["call(, )"])
    window.type("7")
    window.run("Trigger Inline Suggestion")
    assert window.stays(lambda: not window.ghost()), "VS Code's editor.inlineSuggest.suppressInSnippetMode"
    window.shoot("snippet")
    window.press("Tab")
    window.type("8")
    window.press("Tab")
    window.type(";")
    window.wait(lambda: window.saved(file) == "call(7, 8);")


def test_last_suggestion_is_explained(window):
    window.run("Sotto: Explain Last Suggestion")
    window.wait(lambda: any("The editor has closed the bracket." in row for row in window.rows()))
    window.shoot("explained")
    window.press("Enter")
    window.wait(lambda: "closers: The editor has closed the bracket." in window.server.log())
    window.wait(lambda: "Last answer: The editor has closed the bracket." in window.status())
