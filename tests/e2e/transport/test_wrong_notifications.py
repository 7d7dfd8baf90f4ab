"""Notifications with wrong params leave one line in the log and no traceback, and the server lives on."""

import time

CODE = "def mean(values):\n    total = sum(values)\n    return total / len("
URI = "file:///wrong.py"
NOTEBOOK = {"uri": "file:///wrong.ipynb", "notebookType": "x", "version": 1, "cells": []}
SPOT = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}


def document(**fields):
    return {"textDocument": {"uri": URI, "languageId": "python", "version": 1, "text": "x"} | fields}


WRONG = [
    ("initialized", 5),
    ("initialized", [1]),
    ("$/cancelRequest", {"id": [1]}),
    ("$/cancelRequest", {"id": {"a": 1}}),
    ("$/cancelRequest", {}),
    ("$/cancelRequest", None),
    ("$/setTrace", {"value": "loud"}),
    ("$/progress", [1]),
    ("textDocument/didOpen", None),
    ("textDocument/didOpen", "text"),
    ("textDocument/didOpen", [1]),
    ("textDocument/didOpen", document(text=None)),
    ("textDocument/didOpen", document(text=5)),
    ("textDocument/didOpen", document(uri=["a"])),
    ("textDocument/didOpen", document(languageId={})),
    ("textDocument/didOpen", document(version="first")),
    ("textDocument/didChange", {"contentChanges": [{"text": "x"}]}),
    ("textDocument/didChange", {"textDocument": {"uri": URI, "version": 2}, "contentChanges": 5}),
    ("textDocument/didChange", {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [None]}),
    (
        "textDocument/didChange",
        {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"range": SPOT, "text": 5}]},
    ),
    ("textDocument/didClose", {"textDocument": {}}),
    ("textDocument/didClose", {"textDocument": {"uri": URI}}),
    ("notebookDocument/didOpen", None),
    ("notebookDocument/didOpen", {"notebookDocument": {"uri": URI}, "cellTextDocuments": []}),
    ("notebookDocument/didOpen", {"notebookDocument": NOTEBOOK, "cellTextDocuments": [5]}),
    ("notebookDocument/didOpen", {"notebookDocument": NOTEBOOK | {"cells": [{"kind": 2}]}, "cellTextDocuments": []}),
    ("notebookDocument/didChange", {"notebookDocument": NOTEBOOK}),
    ("notebookDocument/didChange", {"notebookDocument": NOTEBOOK, "change": {"cells": {"structure": 5}}}),
    ("notebookDocument/didChange", {"notebookDocument": NOTEBOOK, "change": {}}),
    ("notebookDocument/didSave", [1]),
    ("notebookDocument/didClose", {"cellTextDocuments": []}),
    ("notebookDocument/didClose", {"notebookDocument": NOTEBOOK, "cellTextDocuments": []}),
    ("window/workDoneProgress/cancel", {"token": [1]}),
    ("workspace/didChangeConfiguration", 5),
    ("workspace/didChangeWorkspaceFolders", {"event": {"added": [5], "removed": []}}),
    ("workspace/didChangeWorkspaceFolders", {"event": None}),
]
UNKNOWN = [("$/unknown", {}), ("$/unknown", [1]), ("sotto/unknown", "text"), ("$/unknown", None)]


def wait_lines(editor, num):
    """The lines of the log, once there are so many."""
    deadline = time.monotonic() + 10
    while len(editor.stderr.splitlines()) < num:
        assert time.monotonic() < deadline, editor.stderr
        time.sleep(0.01)
    return editor.stderr.splitlines()


def test_wrong_notifications_leave_one_line_each(editor):
    editor.open_text(CODE)
    assert editor.ghost()
    for number, (method, params) in enumerate(WRONG, 1):
        editor.notify(method, params)
        assert editor.metrics(), "it lives on"
        lines = wait_lines(editor, number)
        assert len(lines) == number, (method, params, lines[number:])
        assert "WARNING" in lines[-1], (method, params, lines[-1])
    assert editor.ghost()
    assert editor.end() == 0
    assert len(editor.stderr.splitlines()) == len(WRONG)
    assert not [each for each in editor.notifications if each["method"].startswith("window/")]


def test_unknown_notifications_leave_no_line(editor):
    for method, params in UNKNOWN:
        editor.notify(method, params)
    editor.open_text(CODE)
    assert editor.ghost()
    assert editor.end() == 0
    assert editor.stderr == ""


def test_wrong_params_of_initialized_load_the_model(start_server):
    editor = start_server()
    editor.result("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, timeout=30)
    editor.notify("initialized", ["nonsense"])
    editor.open_text(CODE)
    assert editor.inline(0) is not None
    deadline = time.monotonic() + 30
    while not editor.ghost():
        assert time.monotonic() < deadline
        time.sleep(0.1)
