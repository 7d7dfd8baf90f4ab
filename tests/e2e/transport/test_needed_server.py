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
def test_series_is_compared_by_major_and_minor_number(needed, own, fits):
    assert (compare_series(needed, own) is None) is fits


@pytest.mark.parametrize("options", [None, [], "0.1", {"maxTokens": 3}, {"needsServer": 1}])
def test_series_that_is_not_named_leaves_the_options(options):
    assert split_needed_series(options) == ("", options)


def test_series_of_another_plugin_warns_once_and_serves(start_server):
    editor = start_server()
    editor.initialize(initializationOptions=EVERYTHING | {"needsServer": "9.9"})
    message = editor.wait_notification("window/showMessage")["message"]
    assert "needs sotto 9.9" in message and version("sotto-ls") in message
    editor.open_text(CODE)
    assert editor.ghost()
    assert sum(n["method"] == "window/showMessage" for n in editor.notifications) == 1


def test_series_of_this_plugin_shows_nothing(start_server):
    editor = start_server()
    series = ".".join(version("sotto-ls").split(".")[:2])
    editor.initialize(initializationOptions={"sotto": EVERYTHING, "needsServer": series})
    editor.open_text(CODE)
    assert editor.ghost()
    assert all(n["method"] != "window/showMessage" for n in editor.notifications)
