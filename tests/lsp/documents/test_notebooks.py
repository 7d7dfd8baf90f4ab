"""The code around a cell: same language, in order, without the kernel's lines; right after any change of cells."""

import random

import pytest
from lsprotocol import types

from sotto_lsp.documents import notebooks as module
from sotto_lsp.documents.notebooks import Notebooks, is_magic
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.documents.window import WINDOW_CHARS
from sotto_lsp.transport.document_sync import DocumentSync, NotebookSync

NOTEBOOK = "file:///lab/trial.ipynb"
CODE = types.NotebookCellKind.Code


class Client:
    """A client with one notebook, which keeps its cells as the server should have them."""

    def __init__(self, *texts, language="python"):
        self.store = DocumentStore()
        self.notebooks = Notebooks(self.store)
        nothing = lambda uri: None  # noqa: E731 - a row of three
        self.sync = NotebookSync(DocumentSync(self.store, nothing, nothing, nothing), self.notebooks)
        self.version = 1
        self.num_made = 0
        items = [self.item(text, language) for text in texts]
        self.uris = [item.uri for item in items]
        document = types.NotebookDocument(NOTEBOOK, "jupyter-notebook", 1, [self.cell(uri) for uri in self.uris])
        self.sync.did_open(types.DidOpenNotebookDocumentParams(document, items))

    def item(self, text, language="python"):
        self.num_made += 1
        return types.TextDocumentItem(f"vscode-notebook-cell:/lab/trial.ipynb#{self.num_made}", language, 1, text)

    def cell(self, uri):
        return types.NotebookCell(CODE, uri)

    def send(self, **cells):
        self.version += 1
        identifier = types.VersionedNotebookDocumentIdentifier(self.version, NOTEBOOK)
        event = types.NotebookDocumentChangeEvent(cells=types.NotebookDocumentCellChanges(**cells))
        self.sync.did_change(types.DidChangeNotebookDocumentParams(identifier, event))

    def splice(self, start, num_deleted, *new, moved=(), closes=()):
        """Replace cells by new ones (items) or by those that are moved (URIs)."""
        uris = [item.uri for item in new] + list(moved)
        self.uris[start : start + num_deleted] = uris
        array = types.NotebookCellArrayChange(start, num_deleted, [self.cell(uri) for uri in uris])
        closed = [types.TextDocumentIdentifier(uri) for uri in closes]
        self.send(structure=types.NotebookDocumentCellChangeStructure(array, list(new), closed))

    def write(self, index, text):
        self.version += 1
        document = types.VersionedTextDocumentIdentifier(self.version, self.uris[index])
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.send(text_content=[types.NotebookDocumentCellContentChanges(document, [change])])

    def close(self):
        closed = [types.TextDocumentIdentifier(uri) for uri in self.uris]
        identifier = types.NotebookDocumentIdentifier(NOTEBOOK)
        self.sync.did_close(types.DidCloseNotebookDocumentParams(identifier, closed))

    def around(self, index):
        before, after = self.notebooks.around(self.uris[index])
        assert not after or after[0] == "\n", "it is no part of the cell's last line"
        return before, after[1:]

    def is_kernels(self, index, line_prefix=None):
        snapshot = self.store.usable_snapshot(self.uris[index])
        offset = len(snapshot.text) if line_prefix is None else snapshot.text.index(line_prefix) + len(line_prefix)
        return self.notebooks.is_kernels(snapshot.uri, snapshot.content, offset)


def test_around_a_cell_stands_the_code_of_the_others_in_order():
    client = Client("a = 1", "b = 2\n", "c = 3", "d = 4")
    assert client.around(0) == ("", "b = 2\nc = 3\nd = 4\n")
    assert client.around(2) == ("a = 1\nb = 2\n", "d = 4\n")
    assert client.around(3) == ("a = 1\nb = 2\nc = 3\n", "")


def test_around_a_document_of_no_notebook_stands_nothing():
    client = Client("a = 1")
    client.store.open(types.TextDocumentItem("file:///app.py", "python", 1, "import os"))
    assert client.notebooks.around("file:///app.py") == client.notebooks.around("file:///other.py") == ("", "")
    assert client.around(0) == ("", "")
    assert "file:///app.py" not in client.notebooks
    assert client.uris[0] in client.notebooks
    assert client.notebooks.file_uri("file:///app.py") == "file:///app.py"
    assert client.notebooks.file_uri(client.uris[0]) == NOTEBOOK


def test_around_cells_of_other_languages_are_left_out():
    client = Client("a = 1")
    client.splice(0, 0, client.item("# A title", "markdown"), client.item("select 1", "sql"))
    client.splice(3, 0, client.item("b = 2"))
    assert client.around(3) == ("a = 1\n", "")
    assert client.around(2) == ("", "b = 2\n")
    assert client.around(0) == client.around(1) == ("", "")


def test_line_ends_of_cells_become_newlines():
    client = Client("a = 1\r\nb = 2\r\n", "c = 3\rd = 4", "")
    assert client.around(2) == ("a = 1\nb = 2\nc = 3\nd = 4\n", "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("%matplotlib inline\nimport os", "import os\n"),
        ("!pip install numpy\nimport os", "import os\n"),
        ("import os\n!ls -l", "import os\n"),
        ("!pip install \\\n    numpy \\\n    scipy\nimport os", "import os\n"),
        ("for n in x:\n    %time f(n)\n    !ls {n}\n    g(n)", "for n in x:\n    g(n)\n"),
        ("os.path?\nos.path??\n?os.path\nimport os", "import os\n"),
        ("%%time\nf(1)", "f(1)\n"),
        ("%%timeit -n 3\nf(1)\ng(2)", "f(1)\ng(2)\n"),
        ("\n%%capture out\nf(1)", "\nf(1)\n"),
        ("%%bash\nls -l", ""),
        ("%%html\n<b>x</b>", ""),
        ("%%writefile app.py\nimport os", ""),
        ("%", ""),
        ("", ""),
        ("x = ('%d'\n     % n)", "x = ('%d'\n     % n)\n"),
        ("x = (a\n     != b)", "x = (a\n     != b)\n"),
        ("x = a %b", "x = a %b\n"),
        ("ok = 1 if a else 2", "ok = 1 if a else 2\n"),
    ],
)
def test_magics_are_left_out_of_the_code(text, code):
    assert Client(text, "b").around(1) == (code, "")


def test_magics_of_other_languages_are_their_code():
    client = Client("!function () {}()", "b", language="javascript")
    assert client.around(1) == ("!function () {}()\n", "")
    assert not client.is_kernels(0)


@pytest.mark.parametrize(
    "prefix", ["%", "%ti", "%%", "%%time", "!", "!pip inst", "  !ls", "    %time f(", "?os", "x = !l"]
)
def test_magic_line_is_known_by_its_beginning(prefix):
    assert is_magic(prefix)
    client = Client("import os\n" + prefix)
    assert client.is_kernels(0)
    assert not client.is_kernels(0, "import")


@pytest.mark.parametrize(
    "prefix", ["", "x", "x = a %", "    % b", "x = '%d", "  != b", "x != a", "print('!", "# !ls", "x = y"]
)
def test_magic_line_is_not_any_line_with_its_sign(prefix):
    assert not is_magic(prefix)
    assert not Client("import os\n" + prefix).is_kernels(0)


def test_magic_cell_is_the_kernels_where_it_is_no_python():
    assert Client("%%bash\nls -").is_kernels(0)
    assert Client("%%html\n<b>\n").is_kernels(0)
    assert not Client("%%time\nx = f(").is_kernels(0)
    assert Client("%%time\nx = f(").is_kernels(0, "%%ti")


def test_magic_line_of_a_document_of_no_notebook_is_its_own():
    client = Client("a = 1")
    client.store.open(types.TextDocumentItem("file:///app.py", "python", 1, "!pip"))
    assert not client.notebooks.is_kernels("file:///app.py", "!pip", 4)


def test_cell_that_changes_is_read_again_and_no_other(monkeypatch):
    client = Client("a = 1", "b = 2", "c = 3")
    assert client.around(2) == ("a = 1\nb = 2\n", "")
    read = []
    extract = module._extract_code
    monkeypatch.setattr(module, "_extract_code", lambda snapshot: read.append(snapshot.text) or extract(snapshot))
    client.write(2, "c = 4")
    assert client.around(2) == ("a = 1\nb = 2\n", "")
    assert read == []
    client.write(0, "a = 5")
    assert client.around(2) == ("a = 5\nb = 2\n", "")
    assert read == ["a = 5"]


def test_cells_inserted_deleted_and_moved():
    client = Client("a", "b", "c")
    client.splice(1, 0, client.item("new"))
    assert client.around(3) == ("a\nnew\nb\n", "")
    client.splice(0, 1, closes=[client.uris[0]])
    assert client.around(2) == ("new\nb\n", "")
    first, second, third = client.uris
    client.splice(0, 3, moved=[third, first, second])
    assert client.around(0) == ("", "new\nb\n")
    assert client.around(2) == ("c\nnew\n", "")


def test_cell_whose_language_changes_is_closed_and_opened():
    client = Client("a", "b", "c")
    uri = client.uris[1]
    client.splice(1, 1, closes=[uri])
    assert client.around(1) == ("a\n", "")
    item = types.TextDocumentItem(uri, "markdown", 2, "b")
    client.splice(1, 0, item)
    assert client.around(2) == ("a\n", "")
    client.splice(1, 1, closes=[uri])
    client.splice(1, 0, types.TextDocumentItem(uri, "python", 3, "b"))
    assert client.around(2) == ("a\nb\n", "")


def test_cells_agree_with_a_plain_list_after_random_changes():
    chance = random.Random(19)
    client = Client("x = 0")
    texts = {client.uris[0]: "x = 0"}
    for number in range(300):
        start = chance.randint(0, len(client.uris))
        match chance.choice(["insert", "delete", "move", "write"]):
            case "insert":
                item = client.item(f"x = {number}")
                texts[item.uri] = item.text
                client.splice(start, 0, item)
            case "delete" if len(client.uris) > 3:
                start = min(start, len(client.uris) - 1)
                client.splice(start, 1, closes=[client.uris[start]])
            case "move":
                rest = client.uris[start:]
                client.splice(start, len(rest), moved=chance.sample(rest, len(rest)))
            case _:
                start = min(start, len(client.uris) - 1)
                texts[client.uris[start]] = f"y = {number}"
                client.write(start, f"y = {number}")
        index = chance.randrange(len(client.uris))
        lines = [f"{texts[uri]}\n" for uri in client.uris]
        assert client.around(index) == ("".join(lines[:index]), "".join(lines[index + 1 :]))


def test_window_has_whole_lines_of_the_nearest_cells():
    line = "x" * 99 + "\n"
    client = Client(line * 60, line * 60, "here", "y" * 99 + "\n" + line * 59, line * 60)
    before, after = client.around(2)
    assert before == line * (WINDOW_CHARS // 100)
    assert after == "y" * 99 + "\n" + line * (WINDOW_CHARS // 100 - 1)


def test_notebook_that_is_closed_leaves_nothing():
    client = Client("a", "b")
    client.close()
    assert client.around(1) == ("", "")
    assert list(client.store) == []
    assert client.uris[0] not in client.notebooks


def test_notebook_that_is_not_open_is_named_in_the_log(caplog):
    client = Client("a")
    client.close()
    client.write(0, "b")
    client.close()
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "The client named a notebook that is not open"
    ] * 2


def test_notebook_opened_again_is_the_new_one():
    client = Client("a", "b")
    document = types.NotebookDocument(NOTEBOOK, "jupyter-notebook", 2, [client.cell(client.uris[1])])
    client.sync.did_open(types.DidOpenNotebookDocumentParams(document, []))
    assert client.around(1) == ("", "")
    assert client.uris[0] not in client.notebooks
    assert list(client.store) == []


def test_cell_too_large_or_binary_is_left_out():
    client = Client("a\0b", "b", "c")
    assert client.around(2) == ("b\n", "")
