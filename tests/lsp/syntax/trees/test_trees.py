"""Trees of tree-sitter: every table fits its grammar, offsets are characters, an edited tree is a fresh one."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sotto_lsp.commands.advice import find_languages
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.syntax.languages.registry import language_ids, syntax_of
from sotto_lsp.syntax.protocol import MAX_PARSED_CHARS
from sotto_lsp.syntax.tree_sitter import grammar, trees
from sotto_lsp.syntax.tree_sitter.grammar import grammar_of
from sotto_lsp.syntax.tree_sitter.language import Role, language_of
from sotto_lsp.syntax.tree_sitter.syntax_tree import SyntaxTree
from sotto_lsp.syntax.tree_sitter.trees import is_parsed, tree_of

TYPESCRIPT = "class Ä {\n  // ÄÖ😀\n  fläche(r: number) {\n    const größe = r;\n    return größe;\n  }\n}\n"


def tree(text, language_id="typescript"):
    return SyntaxTree.parse(grammar_of(language_id), text)


def problem_with(snapshot):
    return syntax_of(snapshot.language_id).explain_unparsed(snapshot)


def snapshot(text, language_id="typescript", uri="file:///a.ts"):
    return DocumentSnapshot.of(text, language_id=language_id, uri=uri)


@pytest.mark.parametrize("language_id", [each for each in language_ids() if each != "python"])
def test_grammar_has_every_node_that_the_language_names(language_id):
    parser = grammar_of(language_id)
    assert parser is not None and parser.keywords >= {"if", "return", "for"}
    known = parser._grammar
    language = language_of(language_id)
    kinds = [kind for role in Role if role is not Role.BINDING for kind in language.roles[role]]
    for kind in (*kinds, *language.blocks):
        assert known.id_for_node_kind(kind, True), kind
    root = tree("", language_id)._tree.root_node
    for role in Role:  # a query with a field or node that there is not cannot be made
        assert parser.nodes(role, root, 0, 1) == []


def test_doctor_lists_the_languages_of_the_model():
    assert find_languages(()) == (tuple(dict.fromkeys(syntax_of(each).name for each in language_ids())), ())
    assert find_languages(("python",)) == (("Python",), ())
    assert find_languages(("rust", "typescriptreact", "cobol")) == (("Rust", "TypeScript"), ())


def test_offsets_count_characters():
    found = tree(TYPESCRIPT)
    (function,) = found.regions(Role.FUNCTION, 0, len(TYPESCRIPT))
    assert TYPESCRIPT[function.start : function.end].startswith("fläche(r: number) {")
    assert TYPESCRIPT[function.body[0] : function.body[1]].startswith("{\n    const größe")
    (comment,) = found.regions(Role.COMMENT, 0, len(TYPESCRIPT))
    assert TYPESCRIPT[comment.start : comment.end] == "// ÄÖ😀"
    assert found.names_bound(0, len(TYPESCRIPT)) == {"größe"}
    at = TYPESCRIPT.index("r;")
    broken = found.edit(at + 1, at + 2, " +;")
    (problem,) = broken.problems
    assert at <= problem.start <= at + 4


@pytest.mark.parametrize("language_id", ["typescript", "rust", "go", "cpp"])
def test_edited_tree_is_the_tree_of_the_edited_text(language_id):
    dice = random.Random(5)
    text = "fn f(a: i32) -> i32 {\n    let x = vec![1, 2];\n    g(a) + x[0]\n}\n" * 3
    found = tree(text, language_id)
    for _ in range(150):
        start = dice.randrange(len(found.text) + 1)
        end = min(len(found.text), start + dice.choice([0, 0, 1, 5]))
        found = found.edit(start, end, dice.choice(["(", "}", "é", "x\n", ";", "", "😀 ="]))
        fresh = tree(found.text, language_id)
        assert found._data == fresh._data and bool(found.problems) == bool(fresh.problems), found.text
    mended = found.edit(0, len(found.text), text)
    assert mended.problems == tree(text, language_id).problems, "nothing is left of what was wrong"


def test_keystroke_parses_no_whole_document_again(monkeypatch):
    text = "function f() {\n  return 1;\n}\n" * 2000
    uri = "file:///keys.ts"
    assert tree_of(snapshot(text, uri=uri)).problems == ()
    monkeypatch.setattr(SyntaxTree, "parse", None)  # to be called would be an error
    assert tree_of(snapshot(text[:-3] + "(" + text[-3:], uri=uri)).problems
    assert tree_of(snapshot(text, uri=uri)).problems == ()


def test_slow_parse_is_given_up_and_not_tried_at_every_key(monkeypatch):
    monkeypatch.setattr(trees, "_kept", type(trees._kept)())
    hopeless = snapshot("function f(a { if ( x [ " * 8000)
    start = time.monotonic()
    assert not is_parsed(hopeless) and tree_of(hopeless) is None
    assert time.monotonic() - start < 5
    assert "could not be parsed within" in problem_with(hopeless)
    monkeypatch.setattr(SyntaxTree, "parse", None)
    edited = snapshot(hopeless.text + ";")
    assert is_parsed(edited) and tree_of(edited) is None, "not within a few seconds"


def test_large_document_is_refused_at_once():
    large = snapshot("x;" * MAX_PARSED_CHARS)
    assert is_parsed(large) and tree_of(large) is None
    assert (
        problem_with(large)
        == "Documents of more than 200,000 characters are not parsed, so no answer can be checked."
    )


def test_nesting_deeper_than_python_calls():
    deep = tree("(" * 5000 + ";")
    assert deep is None or deep.problems
    assert deep is None or deep.count_open_brackets(0, 5000)["()"] > 0


def test_missing_grammar_is_named(monkeypatch):
    def fail(name):
        raise ImportError(name)

    monkeypatch.setattr(grammar, "import_module", fail)
    grammar_of.cache_clear()
    try:
        assert tree_of(snapshot("fn f() {}", "rust", "file:///missing.rs")) is None
        said = problem_with(snapshot("fn f() {}", "rust", "file:///missing.rs"))
        assert (
            said
            == "Code actions in Rust need a grammar; run `pip install tree-sitter-rust` where Sotto is installed."
        )
        assert find_languages(("python", "rust")) == (("Python",), ("c" + said.removeprefix("C"),))
    finally:
        grammar_of.cache_clear()


def test_import_of_tree_sitter_waits_until_it_is_needed():
    program = (
        "import sys\nfrom sotto_lsp.server import make_server\nmake_server()\n"
        "print([name for name in sys.modules if name.startswith('tree_sitter')])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_of_what_was_parsed_is_freed():
    text = "function f() {\n  return [1, 2];\n}\n" * 300

    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    def parse_often():
        for _ in range(500):
            assert tree(text).edit(0, 0, ";") is not None

    parse_often()
    before = resident()
    parse_often()
    assert resident() - before < 500 * len(text) / 2, "10 KB stayed of each"
