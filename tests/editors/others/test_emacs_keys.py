"""What a ghost leaves as it was in a real Emacs: closed brackets, line ends, snippets, indentation and menus.

editors/emacs/sotto.el, on the screen; the suggestions are written down.
"""

import pytest

from editors.sessions.terminal_session import BACKSPACE, ENTER, TAB

END_OF_TEXT, END_OF_LINE, BACK, NEXT, UNDO = "\x1b>", "\x05", "\x02", "\x0e", "\x1f"
WORD, LINE, EVALUATE, COMPLETE = "\x1bf", "\x1be", "\x1b:", "\x1b\t"
PAIRS = "(electric-pair-mode 1)\n"
SNIPPETS = "(require 'yasnippet)\n(add-hook 'python-mode-hook #'yas-minor-mode)\n"
MENU = """(require 'company)
(setq company-backends '(company-dabbrev) company-idle-delay {} company-format-margin-function nil)
(add-hook 'python-mode-hook #'company-mode)
"""
WORDS = """(defun words () (list (pos-bol) (point) '("alphabet" "alphanumeric")))
(add-hook 'python-mode-hook (lambda () (add-hook 'completion-at-point-functions #'words -90 t)))
"""
TWO_WORDS = "alphabet\nalphanumeric\n"
METHOD = {"def is_closed(": ["self):\n        return True", 1]}


def see(emacs, ghost):
    """The ghost comes to be this."""
    emacs.wait(lambda: emacs.ghost() == ghost)


@pytest.mark.editor_check("Emacs, lsp-mode", "closed brackets")
@pytest.mark.parametrize(
    ("typed", "text", "num_taken", "line"),
    [
        ("def is_closed(", "self):", 1, "def is_closed(self):"),
        ("x = [f(", "1), 2]", 2, "x = [f(1), 2]"),
        ("print(", "x", 0, "print(x)"),
        ('name = "', 'sotto"', 1, 'name = "sotto"'),
        ('print("', 'a")', 2, 'print("a")'),
    ],
)
def test_closer_that_emacs_added_is_there_once(open_ghosts, typed, text, num_taken, line):
    emacs = open_ghosts("", {typed: [text, num_taken]}, PAIRS)
    emacs.input(*typed)
    see(emacs, text)
    assert emacs.row_with(typed) == line
    emacs.input(TAB)
    emacs.wait(lambda: not emacs.ghost())
    assert emacs.text().rstrip("\n") == line


@pytest.mark.editor_check("Emacs, lsp-mode", "accepted by word", "accepted by line")
@pytest.mark.parametrize(
    ("typed", "ghost", "keys", "line"),
    [
        ("def is_closed(", "self):\n    pass", WORD, "def is_closed(self)"),
        ("def is_closed(", "self):\n    pass", LINE, "def is_closed(self):"),
        ("def is_closed(", "self):\n    pass", WORD + WORD, "def is_closed(self):"),
        ("def is_closed(", "self):\n    pass", LINE + LINE, "def is_closed(self):\n    pass"),
        ("print(", "len(f(x)), y)", WORD * 4, "print(len(f()"),
        ("print(", "len(f(x)), y)", WORD * 6, "print(len(f(x)),)"),
        ("print(", "len(f(x)), y)", WORD * 7, "print(len(f(x)), y)"),
    ],
)
def test_accept_by_word_and_line_keeps_the_closer_until_it_comes(open_ghosts, typed, ghost, keys, line):
    emacs = open_ghosts("", {typed: [ghost, 1]}, PAIRS)
    emacs.input(*typed)
    see(emacs, ghost)
    emacs.input(*keys.replace("\x1b", " \x1b").split(), pause=0.5)
    assert emacs.text().rstrip("\n") == line


@pytest.mark.editor_check("Emacs, lsp-mode", "dos file and tabs")
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "dos"])
@pytest.mark.parametrize("step", ["\t", "    "], ids=["tabs", "blanks"])
def test_line_ends_and_tabs_of_the_file_stay(open_ghosts, line_end, step):
    lines = ["class Stream:", f"{step}name = 1", f"{step}", f"{step}other = 2", ""]
    emacs = open_ghosts(line_end.join(lines), {"def is_closed(": [f"self):\n{step}{step}return True", 1]}, PAIRS)
    emacs.input(*[NEXT] * 2, END_OF_LINE, *"def is_closed(")
    emacs.wait(lambda: [row.strip() for row in emacs.ghost().split("\n")] == ["self):", "return True"])
    assert "^M" not in "\n".join(emacs.screen())
    emacs.input(TAB)
    emacs.wait(lambda: not emacs.ghost())
    emacs.text()
    lines[2:3] = [f"{step}def is_closed(self):", f"{step}{step}return True"]
    assert emacs.file.read_bytes() == line_end.join(lines).encode()


@pytest.mark.editor_check("Emacs, lsp-mode", "nothing stale: undo")
def test_undo_takes_one_suggestion_and_leaves_what_was_typed(open_ghosts):
    emacs = open_ghosts("class Stream:\n    ", METHOD, PAIRS)
    emacs.input(END_OF_TEXT, *"def is_closed(")
    see(emacs, "self):\n        return True")
    emacs.input(TAB)
    emacs.wait(lambda: not emacs.ghost())
    emacs.input(UNDO)
    see(emacs, "self):\n        return True")
    assert emacs.text().rstrip("\n") == "class Stream:\n    def is_closed()"


@pytest.mark.editor_check("Emacs, lsp-mode", "snippet jump")
def test_snippet_field_keeps_its_tab_while_a_ghost_is_shown(open_ghosts):
    emacs = open_ghosts("", {"call(a": ["lpha", 0], "b": ["eta", 0]}, SNIPPETS)
    emacs.input(EVALUATE, '(yas-expand-snippet "call($1, $2)$0")', ENTER, "a")
    see(emacs, "lpha")
    emacs.input(TAB, "b")
    see(emacs, "eta")
    emacs.input(TAB, ".")
    assert emacs.text().strip() == "call(a, b)."


def test_snippet_left_gives_tab_back_to_the_ghost(open_ghosts):
    emacs = open_ghosts("", {"call(a)b": ["eta", 0]}, SNIPPETS)
    emacs.input(EVALUATE, '(yas-expand-snippet "call($1)$0")', ENTER, "a", TAB, "b")
    see(emacs, "eta")
    emacs.input(TAB)
    assert emacs.text().strip() == "call(a)beta"


@pytest.mark.editor_check("Emacs, lsp-mode", "indentation first")
def test_tab_indents_first_where_the_line_is_not_far_enough_in(open_ghosts):
    emacs = open_ghosts("with open(path) as file:", {"": ["    return file", 0]})
    emacs.input(END_OF_LINE, "\x11\n")  # a bare line end: C-q C-j
    emacs.wait(lambda: emacs.ghost().strip() == "return file")
    emacs.input(TAB)
    emacs.wait(lambda: emacs.terminal.cursor.x == 4 and emacs.ghost().strip() == "return file")
    assert emacs.row_with("return file") == "    return file"
    emacs.input(TAB)
    emacs.wait(lambda: not emacs.ghost())
    assert emacs.text().rstrip("\n") == "with open(path) as file:\n    return file"


def test_tab_takes_a_ghost_with_blanks_after_text(open_ghosts):
    emacs = open_ghosts("", {"x =": [" 1", 0]})
    emacs.input(*"x =")
    emacs.wait(lambda: emacs.ghost().strip() == "1")
    emacs.input(TAB)
    assert emacs.text().rstrip("\n") == "x = 1"


@pytest.mark.editor_check("Emacs, lsp-mode", "beside a menu")
@pytest.mark.parametrize("delay", [0.05, 0.8], ids=["menu-first", "ghost-first"])
def test_menu_of_company_has_the_screen_and_the_keys(open_ghosts, delay):
    emacs = open_ghosts(TWO_WORDS, {"alp": ["haville", 0]}, MENU.format(delay))
    emacs.input(END_OF_TEXT, "a", "l", "p")
    if delay > 0.5:
        see(emacs, "haville")
    emacs.wait(lambda: sum("alphanumeric" in row for row in emacs.screen()) == 2)
    assert emacs.stays(lambda: not emacs.ghost(), 1)
    emacs.input(NEXT, ENTER)
    assert emacs.text() == TWO_WORDS + "alphanumeric\n"


@pytest.mark.editor_check("Emacs, lsp-mode", "beside a menu")
def test_menu_of_completion_at_point_has_the_screen_and_the_keys(open_ghosts):
    emacs = open_ghosts(TWO_WORDS, {"alp": ["haville", 0], "alphan": ["evil", 0]}, WORDS)
    emacs.input(END_OF_TEXT, "a", "l", "p")
    see(emacs, "haville")
    emacs.input(COMPLETE, COMPLETE)
    emacs.wait(lambda: emacs.row_with("2 possible completions"))
    emacs.input("n")
    assert emacs.stays(lambda: not emacs.ghost(), 1)
    emacs.input(TAB)
    assert emacs.text() == TWO_WORDS + "alphanumeric\n"


@pytest.mark.parametrize(
    ("text", "ghost"), [("\n", "oo"), ("\n", "oo\nbar"), ("\n", "\n    pass"), ("a\n", "oo"), ("a\n", "oo\nbar")]
)
def test_cursor_stays_after_the_typed_text(open_ghosts, text, ghost):
    emacs = open_ghosts(text, {"f": [ghost, 0]})
    emacs.input("f")
    emacs.wait(emacs.ghost)
    assert (emacs.terminal.cursor.y, emacs.terminal.cursor.x) == (1, 1)


def test_cursor_goes_down_past_a_single_candidate(open_ghosts):
    emacs = open_ghosts("\nb\n", {"f": ["oo", 0]})
    emacs.input("f")
    see(emacs, "oo")
    emacs.input(NEXT)
    emacs.wait(lambda: emacs.terminal.cursor.y == 2)


def test_explain_last_shows_the_reasons(open_ghosts):
    emacs = open_ghosts("", {})
    emacs.run("sotto-explain-last")
    emacs.wait(lambda: emacs.row_with("The editor has closed the bracket. (closers)"))
    assert emacs.row_with('app.py:4:7  "self):"') and emacs.row_with("210 tokens in the prompt, 180 of them cached")


@pytest.mark.parametrize("keys", [BACKSPACE, BACK])
def test_ghost_goes_with_the_next_key(open_ghosts, keys):
    emacs = open_ghosts("", {"fo": ["o(1)", 0]}, PAIRS)
    emacs.input("f", "o")
    see(emacs, "o(1)")
    emacs.input(keys)
    emacs.wait(lambda: not emacs.ghost())
    assert emacs.text().rstrip("\n") == "fo".removesuffix("o" if keys == BACKSPACE else "")
