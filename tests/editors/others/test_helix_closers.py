"""What an entry leaves as it was in a real Helix, which closes brackets by itself: closers, line ends and tabs.

The suggestions are written down; the last tests ask the real server and compare with what its entry says.
"""

import pytest

from editors.sessions.terminal_session import ENTER

NEXT, ASK = "\x0e", "\x18"
STREAM = ["class Stream:", "    def __init__(self):", "        self.closed = False", "", "    ", ""]
METHOD = "def is_closed("


def take(helix, typed):
    """Ask after these keys, and take the entry that comes; its label."""
    helix.input(*typed)
    helix.input("", pause=0.7)  # Helix does not ask while a letter's request is open
    helix.input(ASK)
    (entry,) = helix.wait(helix.entries)
    helix.input(NEXT, ENTER)
    helix.wait(lambda: not helix.entries())
    return entry


@pytest.mark.editor_check("Helix", "closed brackets")
@pytest.mark.parametrize(
    ("typed", "text", "num_taken", "line"),
    [
        (METHOD, "self):", 1, "def is_closed(self):"),
        (METHOD + "se", "lf):", 1, "def is_closed(self):"),
        (METHOD, "self", 0, "def is_closed(self)"),
        ("x = [f(", "1), 2]", 2, "x = [f(1), 2]"),
        ('name = "', 'sotto"', 1, 'name = "sotto"'),
        ('print("', 'a")', 2, 'print("a")'),
    ],
)
def test_closer_that_helix_added_is_there_once(open_entries, typed, text, num_taken, line):
    helix = open_entries("\n", {typed: [text, num_taken]})
    helix.input("i")
    take(helix, typed)
    assert helix.text().rstrip("\n") == line
    helix.input("u")
    helix.wait(lambda: not helix.row_with(line) and helix.row_with(typed))


@pytest.mark.editor_check("Helix", "dos file and tabs", "several lines")
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "dos"])
@pytest.mark.parametrize("step", ["\t", "  "], ids=["tabs", "blanks"])
def test_line_ends_and_tabs_of_the_file_stay(open_entries, line_end, step):
    text = f"self):{line_end}{step}{step}return self.closed"
    lines = [line.replace("    ", step) for line in STREAM]
    helix = open_entries(line_end.join(lines), {METHOD: [text, 1]})
    helix.input("5gg", "A")
    take(helix, METHOD)
    helix.text()
    lines[4:5] = [f"{step}{METHOD}self):", f"{step}{step}return self.closed"]
    assert helix.file.read_bytes() == line_end.join(lines).encode()


@pytest.mark.editor_check("Helix", "closed brackets", "dos file and tabs")
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "dos"])
@pytest.mark.parametrize("step", ["\t", "    "], ids=["tabs", "blanks"])
def test_entry_of_the_real_server_leaves_the_line_right(open_helix, line_end, step):
    lines = [line.replace("    ", step) for line in STREAM]
    helix = open_helix(line_end.join(lines))
    helix.wait_ready()
    helix.input("5gg", "A")
    entry = take(helix, METHOD)
    assert entry.endswith(":")
    helix.text()
    lines[4] = step + METHOD + entry
    assert helix.file.read_bytes() == line_end.join(lines).encode()
