"""Sotto's entry in the completion menu of a real Helix, on its screen, with the files of editors/helix.

What a suggestion says is the model's business: the tests read the entry and compare it with what is inserted.
"""

import os
import re
import signal
import subprocess
import sys

import pytest

from editors import echo_server
from editors.action_examples import FIRST_IN_THE_MENU
from editors.sessions.helix_session import ENTER, ESCAPE, SHIPPED

CODE = "def mean(values):\n    total = sum(values)\n    return total / len\n"
BEFORE = "    return total / len("
NEXT, ASK, BACKSPACE, DELETE_WORD = "\x0e", "\x18", "\x7f", "\x17"


@pytest.fixture
def open_ready(open_helix):
    """A Helix whose server has loaded its model."""

    def start(text):
        helix = open_helix(text)
        helix.wait_ready()
        return helix

    return start


@pytest.fixture
def open_echo(open_helix):
    """A Helix whose server suggests, after a delay, the text it was asked about."""

    def start(text, delay_ms):
        helix = open_helix(text, [sys.executable, echo_server.__file__, str(delay_ms), "completion"])
        helix.wait_ready()
        return helix

    return start


@pytest.mark.editor_check("Helix", "line end", "accepted whole")
def test_entry_at_a_lines_end_is_accepted_with_enter(open_ready):
    helix = open_ready(CODE)
    helix.type("3gg", "A", "(", "v")
    (entry,) = helix.wait(helix.entries)
    assert entry.startswith("v") and helix.row_with(BEFORE).endswith(BEFORE + "v)"), helix.screen()
    helix.input(NEXT, ENTER)
    helix.wait(lambda: not helix.entries())
    assert helix.text() == CODE.replace("len", f"len({entry.removesuffix(')')})")


@pytest.mark.editor_check("Helix", "mid-line")
def test_entry_in_mid_line_leaves_the_text_after_it(open_ready):
    helix = open_ready("import os\n\n\ndef size(path):\n    return os.stat()\n")
    helix.type("5gg", "t)", "a", "p")
    (entry,) = helix.wait(helix.entries)
    helix.input(NEXT, ENTER)
    helix.wait(lambda: not helix.entries())
    assert helix.text().endswith(f"    return os.stat({entry.removesuffix(')')})\n")


@pytest.mark.editor_check("Helix", "several lines")
def test_entry_of_several_lines_shows_and_inserts_them_all(open_ready):
    text = "def parse(text):\n    try:\n        return int(text)\n    "
    helix = open_ready(text + "\n")
    helix.input("4gg", "A", ASK)
    (entry,) = helix.wait(helix.entries)
    assert entry.endswith(" …")
    helix.input(NEXT)
    helix.wait(lambda: helix.row_with("Sotto"))
    shown = helix.wait(lambda: [row.strip() for row in helix.screen() if row.startswith(" " * 40)])
    helix.input(ENTER)
    helix.wait(lambda: not helix.entries())
    inserted = helix.text().removeprefix(text).rstrip("\n").split("\n")
    assert len(inserted) > 1 and inserted[0] == entry.removesuffix(" …")
    assert {line.strip() for line in inserted} <= set(shown), (inserted, shown)


@pytest.mark.editor_check("Helix", "typed along")
def test_type_through_inserts_nothing_twice(open_ready):
    helix = open_ready(CODE)
    helix.type("3gg", "A", "(", "v")
    (entry,) = helix.wait(helix.entries)
    helix.type("a", "l")
    helix.wait(helix.entries)
    helix.input(NEXT, ENTER)
    helix.wait(lambda: not helix.entries())
    assert helix.text() == CODE.replace("len", f"len({entry.removesuffix(')')})")


@pytest.mark.editor_check("Helix", "nothing stale: undo")
def test_undo_removes_an_entry_and_keeps_typed_text(open_ready):
    helix = open_ready(CODE)
    helix.type("3gg", "A", "(", "v")
    helix.wait(helix.entries)
    helix.input(NEXT, ENTER)
    helix.wait(lambda: not helix.entries())
    helix.normal()
    helix.input("u")
    helix.wait(lambda: helix.row_with(BEFORE).endswith(BEFORE + "v)"))
    assert helix.stays(lambda: not helix.entries())


@pytest.mark.editor_check(
    "Helix", "nothing stale: fast typing", "nothing stale: deletion", "nothing stale: insert mode left"
)
@pytest.mark.parametrize("keys", ["xyz", BACKSPACE, BACKSPACE * 2, DELETE_WORD, "x" + BACKSPACE + "y", ESCAPE])
def test_stale_entry_of_another_place_does_not_stay(open_echo, keys):
    helix = open_echo("\n", delay_ms=100)
    helix.type("i", "a", "bc")
    helix.wait(lambda: helix.entries() == ["abc" + echo_server.first("abc")])
    helix.input(keys, pause=0.2)
    before = "" if keys in (ESCAPE, DELETE_WORD) else "abc"
    for key in keys:
        before = before[:-1] if key == BACKSPACE else before + key if key.isalpha() else before
    right = [before + echo_server.first(before)]
    helix.wait(lambda: helix.entries() in ([], right))
    assert helix.stays(lambda: helix.entries() in ([], right), 1.5), helix.screen()
    assert not (before == "" and helix.entries()), "there is no word to complete"


@pytest.mark.editor_check("Helix", "code action")
def test_code_action_from_the_menu_shows_its_edit(open_ready):
    helix = open_ready("def total(values)\n    return sum(values)\n")
    helix.input(" ", "a")
    helix.wait(lambda: helix.row_with("Fix syntax error here"))
    helix.input(ENTER)
    helix.wait(lambda: helix.row_with("def total(values):") and helix.row_with("checked that the file compiles"))
    assert helix.text() == "def total(values):\n    return sum(values)\n"
    helix.input("u")
    helix.wait(lambda: not helix.row_with("def total(values):"))


@pytest.mark.editor_check("Helix", "code action")
@FIRST_IN_THE_MENU
def test_code_action_written_by_the_model_is_undone(open_ready, title, text, line, added):
    helix = open_ready(text)
    helix.input(f"{line}gg", " ", "a")
    helix.wait(lambda: helix.row_with(title))
    helix.input(ENTER)
    helix.wait(lambda: helix.row_with(added) and helix.row_with("checked that the file compiles"))
    helix.input("u")
    helix.wait(lambda: not helix.row_with(added))


@pytest.mark.editor_check("Helix", "server killed and back")
def test_killed_server_is_back_after_lsp_restart(open_ready):
    helix = open_ready(CODE)
    (server,) = helix.children("sotto_lsp")
    os.kill(server, signal.SIGKILL)
    helix.wait(lambda: server not in helix.children("sotto_lsp"))
    helix.type("3gg", "A", "(", "v")
    assert helix.stays(lambda: not helix.entries()), "and Helix goes on without it"
    helix.normal()
    helix.input("u", f":lsp-restart{ENTER}")
    helix.wait(lambda: helix.children("sotto_lsp") and helix.row_with("ready"))
    helix.type("A", "(", "v")
    helix.wait(helix.entries)


@pytest.mark.editor_check("Helix", "off and on")
def test_lsp_stop_and_lsp_restart_switch_it_off_and_on(open_ready):
    helix = open_ready(CODE)
    helix.input(f":lsp-stop{ENTER}")
    helix.wait(lambda: not helix.children("sotto_lsp"))
    helix.type("3gg", "A", "(", "v")
    assert helix.stays(lambda: not helix.entries())
    helix.normal()
    helix.input("u", f":lsp-restart{ENTER}")
    helix.wait(lambda: helix.children("sotto_lsp") and helix.row_with("ready"))
    helix.type("A", "(", "v")
    helix.wait(helix.entries)


@pytest.mark.parametrize("name", ["languages.toml", "more-languages.toml"])
def test_files_keep_every_server_that_helix_has_by_itself(helix, tmp_path, name):
    configured = tmp_path / "helix"
    configured.mkdir()
    texts = [SHIPPED / each for each in dict.fromkeys(["languages.toml", name])]
    languages = re.findall(r'(?m)^name = "(.*)"', (SHIPPED / name).read_text())
    assert len(languages) == (1 if name == "languages.toml" else 16)

    def servers(language):
        shown = subprocess.run(
            [helix, "--health", language],
            env=os.environ | {"XDG_CONFIG_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        listed = re.search(r"Configured language servers:(.*?)Configured debug", shown, re.DOTALL)[1]
        return re.findall(r"(?m)^\s+\S+ ([\w-]+)", re.sub(r"\x1b\[[\d;]*m", "", listed))

    by_itself = {language: servers(language) for language in languages}
    assert all(by_itself.values())
    (configured / "languages.toml").write_text("\n".join(text.read_text() for text in texts))
    assert {language: servers(language) for language in languages} == {
        language: [*own, "sotto"] for language, own in by_itself.items()
    }
