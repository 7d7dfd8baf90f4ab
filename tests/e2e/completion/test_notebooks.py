"""A notebook over stdio: cells see each other; lines for the kernel get nothing; cells come, go and change."""

import pytest

from e2e.raw_client import EVERYTHING

NOTEBOOK = "file:///lab/trial.ipynb"
DEFINES = "def add_numbers(first, second):\n    return first + second"
USES = "total = add_nu"
REST = "mbers(first, second)"


def cell_uri(number):
    return f"vscode-notebook-cell:/lab/trial.ipynb#W{number}"


def item(number, text, language="python"):
    return {"uri": cell_uri(number), "languageId": language, "version": 1, "text": text}


def cell(number, kind=2):
    return {"kind": kind, "document": cell_uri(number)}


@pytest.fixture
def open_notebook(start_server):
    def open_notebook(*texts, uri=NOTEBOOK):
        editor = start_server()
        capabilities = editor.initialize(initializationOptions=EVERYTHING | {"lookAhead": "off"})
        assert capabilities["notebookDocumentSync"] == {"notebookSelector": [{"notebook": "*"}], "save": False}
        cells = [cell(number) for number in range(len(texts))]
        document = {"uri": uri, "notebookType": "jupyter-notebook", "version": 1, "cells": cells}
        items = [item(number, text) for number, text in enumerate(texts)]
        editor.notify("notebookDocument/didOpen", {"notebookDocument": document, "cellTextDocuments": items})
        return editor

    return open_notebook


def change(editor, **cells):
    identifier = {"uri": NOTEBOOK, "version": 2}
    editor.notify("notebookDocument/didChange", {"notebookDocument": identifier, "change": {"cells": cells}})


def ghost(editor, number, text, kind=1):
    """What is suggested at the end of a cell with this text."""
    editor.uri, editor.text = cell_uri(number), text
    items = editor.inline(kind=kind)
    return items[0]["insertText"] if items else ""


def test_cell_uses_what_another_defines(open_notebook):
    editor = open_notebook(DEFINES, USES, "print(total)")
    assert ghost(editor, 1, USES) == REST
    assert ghost(editor, 1, USES, kind=2) == REST, "the next cell is no part of the line"


def test_cell_alone_invents_what_the_other_defines(open_notebook):
    editor = open_notebook("", USES)
    assert ghost(editor, 1, USES) != REST


def test_cell_that_moves_above_is_seen(open_notebook):
    editor = open_notebook(USES, DEFINES)
    moved = {"start": 0, "deleteCount": 2, "cells": [cell(1), cell(0)]}
    change(editor, structure={"array": moved, "didOpen": [], "didClose": []})
    assert ghost(editor, 0, USES) == REST


def test_cell_that_is_inserted_is_seen_and_one_that_is_deleted_is_not(open_notebook):
    editor = open_notebook("", USES)
    inserted = {"start": 1, "deleteCount": 0, "cells": [cell(2)]}
    change(editor, structure={"array": inserted, "didOpen": [item(2, DEFINES)]})
    assert ghost(editor, 1, USES) == REST
    deleted = {"start": 1, "deleteCount": 1}
    change(
        editor, textContent=[{"document": {"uri": cell_uri(1), "version": 2}, "changes": [{"text": "x = add_nu"}]}]
    )
    change(editor, structure={"array": deleted, "didClose": [{"uri": cell_uri(2)}]})
    assert ghost(editor, 1, "x = add_nu") != REST


def test_cell_whose_text_changes_is_seen_as_it_is(open_notebook):
    editor = open_notebook("", "")
    texts = [(0, DEFINES), (1, USES)]
    changes = [
        {"document": {"uri": cell_uri(number), "version": 2}, "changes": [{"text": text}]} for number, text in texts
    ]
    change(editor, textContent=changes)
    assert ghost(editor, 1, USES) == REST


def test_magics_of_other_cells_are_not_read(open_notebook):
    editor = open_notebook("%load_ext autoreload\n!pip install x\n" + DEFINES, "%%bash\nls", USES)
    assert ghost(editor, 2, USES) == REST


@pytest.mark.parametrize(
    "text", ["%matplotlib inl", "x = 1\n!pip inst", "%%bash\nls ", "%%html\n<b>", "os.path\n?os"]
)
def test_magic_is_the_kernels_asked_or_not(open_notebook, text):
    editor = open_notebook(DEFINES, text)
    assert ghost(editor, 1, text, kind=1) == ghost(editor, 1, text, kind=2) == ""
    assert [[each["code"] for each in row["reasons"]] for row in editor.explain_last()[:2]] == [
        ["notebook-magic"]
    ] * 2


def test_notebook_that_a_gitignore_names_gets_nothing(open_notebook, tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("*.ipynb\n")
    editor = open_notebook(DEFINES, USES, uri=(tmp_path / "trial.ipynb").as_uri())
    assert ghost(editor, 1, USES) == ""
    assert [each["code"] for each in editor.explain_last()[0]["reasons"]] == ["ignored-by-gitignore"]


def test_notebook_that_is_closed_leaves_no_line_in_the_log(open_notebook):
    editor = open_notebook(DEFINES, USES)
    assert ghost(editor, 1, USES) == REST
    closed = [{"uri": cell_uri(0)}, {"uri": cell_uri(1)}]
    editor.notify("notebookDocument/didClose", {"notebookDocument": {"uri": NOTEBOOK}, "cellTextDocuments": closed})
    assert ghost(editor, 1, USES) == ""
    assert editor.end() == 0
    assert editor.stderr == ""


def test_wrong_change_of_a_notebook_silences_its_cells(open_notebook):
    editor = open_notebook(DEFINES, USES)
    change(editor, structure={"array": {"start": -1, "deleteCount": 1}})
    assert ghost(editor, 1, USES) == ""
    assert editor.end() == 0
    (line,) = editor.stderr.splitlines()
    assert "notebookDocument/didChange is not valid" in line


def test_cache_serves_a_cell_below_long_cells(open_notebook):
    long = "".join(f"value_{number} = compute({number})\n" for number in range(150))
    text = long + "first = value_1"
    editor = open_notebook(long * 3, text)
    ghost(editor, 1, text)
    version, num_new = 1, []
    for key in " + value_2 * 3":
        text, version = text + key, version + 1
        change(
            editor, textContent=[{"document": {"uri": cell_uri(1), "version": version}, "changes": [{"text": text}]}]
        )
        before = editor.metrics()
        ghost(editor, 1, text)
        after = editor.metrics()
        prompt, cached = (after[name] - before[name] for name in ("num_prompt_tokens", "num_cached_tokens"))
        num_new.append(prompt - cached)
    assert max(num_new) < 20, num_new
