"""What is shown on files that the model has not seen can be accepted blindly: the benchmark `shown`, in small."""

import email
from pathlib import Path

import pytest

from benchmarks.shown.accepting import ask_all
from benchmarks.shown.places import SITES, choose_places, read_files

NUM_PLACES = 24
FOLDER = Path(email.__file__).parent


def ask(client, style, *, sites=tuple(SITES), seed=1):
    places = choose_places(read_files(FOLDER, style), list(sites), NUM_PLACES, seed, style)
    return list(ask_all(client, places, {}, "Visual Studio Code"))


@pytest.mark.parametrize("style", ["4", "tabs", "crlf"])
def test_shown_text_breaks_no_file_and_says_nothing_twice(start_server, style):
    answers = ask(start_server(), style)
    shown = [each.verdict for each in answers if each.verdict]
    assert shown, "nothing was shown at all"
    assert not any(each.broken or each.duplicate for each in shown)
    assert all(each.line_ends and each.indented is not False for each in shown)
    assert all(each.verdict or each.reasons for each in answers), "each silence has its reason"
