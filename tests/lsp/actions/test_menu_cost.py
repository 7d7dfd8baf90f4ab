"""What a menu costs: each text is parsed once, each line read once; what lives long stays out of collections."""

import gc
from collections import Counter

from lsprotocol import types

from sotto_lsp import server
from sotto_lsp.actions.catalogue import find_offered
from sotto_lsp.actions.menu import make_place
from sotto_lsp.commands import cli
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.syntax.python import parsing

INSTRUCT = frozenset({"inline-completion", "chat"})
FUNCTION = "def area{}(rs):\n    out = []\n" + "    out.append(3 * rs[0])\n" * 100 + "    return out\n\n\n"
TEXT = "".join(map(FUNCTION.format, range(5)))


def menu(text, line):
    snapshot = DocumentSnapshot.of(text, uri="file:///app.py", language_id="python")
    at = types.Position(line, 6)
    found = find_offered(snapshot, [make_place(snapshot, types.Range(at, at), {})], INSTRUCT)
    return [action.name for action, *_ in found]


def test_menu_parses_document_and_function_once(monkeypatch):
    parsed = []
    parse = parsing._parse
    monkeypatch.setattr(parsing, "_parse", lambda text: parsed.append(len(text)) or parse(text))
    parsing.find_error.cache_clear()
    assert menu(TEXT, 0) == ["simplify", "write_tests", "explain"]
    assert sorted(parsed)[-2:] == [len(FUNCTION.format(0).rstrip()), len(TEXT)]
    assert sum(parsed) < 1.3 * len(TEXT), "besides these, the signature"
    parsed.clear()
    menu(TEXT, 0)
    assert sum(parsed) < 100, "the document has not changed"


def test_menu_reads_each_line_once(monkeypatch):
    read = Counter()
    bounds = DocumentSnapshot.line_bounds

    def counted(snapshot, line):
        read[line] += 1
        return bounds(snapshot, line)

    monkeypatch.setattr(DocumentSnapshot, "line_bounds", counted)
    menu(TEXT, 0)
    function = range(5, 100)
    assert {read[line] for line in function} == {1}
    assert read.total() < 3 * len(function)


def test_gc_freezes_what_lives_as_long_as_the_server(monkeypatch):
    frozen = []

    class Served:
        def run(self):
            frozen.append(gc.get_freeze_count())

    monkeypatch.setattr(server, "make_server", lambda model: Served())
    try:
        cli.main(["serve"])
    finally:
        gc.unfreeze()
    assert frozen > [10_000]
