"""What a plugin says of the server it was made for, and what the server says where that is another."""

from importlib.metadata import version

import pytest

from e2e.raw_client import EVERYTHING
from sotto_lsp.transport.capabilities import compare_series, split_needed_series

CODE = "def mean(values):\n    total = sum(values)\n    return total / len("


@pytest.mark.parametrize(
    ("needed", "own", "fits"),
    [
        ("0.1", "0.1.0", True),
        ("0.1", "0.1.12", True),
        ("0.1", "0.10.0", False),
        ("1.0", "0.1.0", False),
        ("", "7.0.0", True),
    ],
)
def test_major_and_minor_number_decide(needed, own, fits):
    assert (compare_series(needed, own) is None) is fits


@pytest.mark.parametrize("options", [None, [], "0.1", {"maxTokens": 3}, {"needsServer": 1}])
def test_options_that_say_nothing_of_it_are_left_as_they_are(options):
    assert split_needed_series(options) == ("", options)


def test_a_plugin_made_for_another_series_is_told_so_once_and_served(start_server):
    editor = start_server()
    editor.initialize(initializationOptions=EVERYTHING | {"needsServer": "9.9"})
    message = editor.wait_notification("window/showMessage")["message"]
    assert "needs sotto 9.9" in message and version("sotto-ls") in message
    editor.open_text(CODE)
    assert editor.ghost()
    assert sum(n["method"] == "window/showMessage" for n in editor.notifications) == 1


def test_a_plugin_made_for_this_series_is_told_nothing(start_server):
    editor = start_server()
    series = ".".join(version("sotto-ls").split(".")[:2])
    editor.initialize(initializationOptions={"sotto": EVERYTHING, "needsServer": series})
    editor.open_text(CODE)
    assert editor.ghost()
    assert all(n["method"] != "window/showMessage" for n in editor.notifications)
