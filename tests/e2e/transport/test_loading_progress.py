"""The progress of loading, from which editors know how the server is."""

from e2e.raw_client import EVERYTHING

CODE = "def mean(values):\n    total = sum(values)\n    return total / len("


def progress_kinds(editor):
    """The kinds of all progress so far, with the words of each end."""
    values = [each["params"]["value"] for each in editor.notifications if each["method"] == "$/progress"]
    return [value.get("message", value["kind"]) for value in values]


def configure(editor, **settings):
    editor.notify("workspace/didChangeConfiguration", {"settings": {"sotto": EVERYTHING | settings}})


def test_loading_progress_begins_and_ends_and_off_is_no_failure(start_server):
    editor = start_server()
    capabilities = {"window": {"workDoneProgress": True}}
    editor.initialize(initializationOptions=EVERYTHING, capabilities=capabilities)
    editor.open_text(CODE)
    assert editor.ghost() and progress_kinds(editor) == ["begin", "ready"]
    configure(editor, enabled=False)
    assert editor.inline() == [] and progress_kinds(editor) == ["begin", "ready"]
    configure(editor, enabled=True)
    editor.wait_notification("$/progress", timeout=60, num_before=3)
    assert editor.ghost() and progress_kinds(editor) == ["begin", "ready"] * 2
