"""A real VS Code whose server suggests what it was asked about, late: nothing stale is shown, candidates change."""

import pytest

from editors import echo_server
from editors.echo_server import first, second
from editors.vscode.vscode_session import check, started, write_program

DELAY_MS = 300


@pytest.fixture(scope="module")
def window(request, tmp_path_factory):
    with started(request, tmp_path_factory) as window:
        program = write_program(tmp_path_factory.mktemp("bin"), echo_server.__file__, DELAY_MS)
        window.set(server_path=str(program))
        window.load()
        window.wait(lambda: "from sotto.server.path" in window.server.log())
        window.open_text("")

        def has_answered():  # VS Code asks after a key, and not again when the server has come up
            window.press("x")
            return not window.stays(lambda: not window.ghost(), 2)

        window.wait(has_answered, 120)
        yield window


def is_of_this_moment(window):
    """Whether there is no ghost, or one of the line as it is now."""
    lines, ghost = window.look()
    return ghost in ("", first(lines[-1]), second(lines[-1]))


def settles_at(window, line):
    """Whether the ghost comes that belongs to this line, and no other on the way."""

    def has_come():
        assert is_of_this_moment(window), window.look()
        return window.look() == ([line], first(line))

    return window.wait(has_come)


@check("nothing stale: fast typing")
def test_stale_ghost_is_not_shown_while_keys_follow_fast(window):
    window.open_text("")
    for key in "name = compute_everything":
        window.type(key, 0)
        assert is_of_this_moment(window), window.look()
    assert settles_at(window, "name = compute_everything")


@check("nothing stale: deletion")
def test_stale_ghost_is_not_shown_after_deletions(window):
    window.open_text("")
    window.type("name_of_it")
    settles_at(window, "name_of_it")
    for _ in range(6):
        window.press("Backspace")
        assert is_of_this_moment(window), window.look()
    assert settles_at(window, "name")
    window.press("Control+Backspace")
    window.wait(lambda: window.lines() == [""])
    assert window.stays(lambda: is_of_this_moment(window))


@check("nothing stale: undo")
def test_stale_ghost_is_not_shown_after_undo_and_redo(window):
    window.open_text("a = 1")
    window.type("23")
    settles_at(window, "a = 123")
    window.press("Control+Z")
    settles_at(window, "a = 1")
    window.press("Control+Y")
    assert settles_at(window, "a = 123")


@check("next candidate")
def test_next_candidate_is_shown_and_accepted(window):
    file = window.open_text("")
    window.type("ab")
    settles_at(window, "ab")
    window.press("Control+Alt+N")
    window.wait(lambda: window.look() == (["ab"], second("ab")))
    window.shoot("next-candidate")
    window.press("Control+Alt+N")
    window.wait(lambda: window.look() == (["ab"], first("ab")))
    window.press("Control+Alt+N")
    window.wait(lambda: window.look() == (["ab"], second("ab")))
    window.press("Tab")
    window.wait(lambda: window.saved(file) == "ab" + second("ab"))


def test_dismissed_ghost_stays_away_until_something_is_typed(window):
    window.open_text("")
    window.type("ab")
    settles_at(window, "ab")
    window.press("Control+Alt+D")
    window.wait(lambda: not window.ghost())
    assert window.stays(lambda: not window.ghost())
    window.type("c")
    assert settles_at(window, "abc")


def test_stale_ghost_does_not_follow_to_another_line_or_file(window):
    window.open_text("")
    window.type("ab")
    settles_at(window, "ab")
    window.open_text("other = 1\nab")
    assert window.stays(lambda: window.look()[1] in ("", first("ab")))
    window.type("c")
    window.wait(lambda: window.ghost() == first("abc"))
    window.press("ArrowUp")
    window.wait(lambda: not window.ghost())
    assert window.stays(lambda: first("abc") not in "".join(window.screen()))
