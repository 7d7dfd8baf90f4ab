"""The cursor in languages of tree-sitter: what it stands in, what is open there, whether the statement is whole."""

import pytest

from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.protocol import CursorContext, Literal

CODE, STRING, COMMENT = Literal.CODE, Literal.STRING, Literal.COMMENT
MOST = ("c", "cpp", "go", "java", "javascript", "rust", "typescript", "typescriptreact")


def read(language_id, prefix, suffix="") -> CursorContext:
    return syntax_of(language_id).read_cursor(prefix, suffix)


@pytest.mark.parametrize("language_id", MOST)
@pytest.mark.parametrize(
    ("prefix", "literal", "closers"),
    [
        ("", CODE, ""),
        ("f(a, [b", CODE, "])"),
        ("f(a, [b])", CODE, ""),
        ("{ f(", CODE, ")}"),
        ('f("', STRING, '")'),
        ('f("a\\"b', STRING, '")'),
        ('f("a\\\\"', CODE, ")"),
        ('f("(["', CODE, ")"),
        ("f( // (don't", COMMENT, ")"),
        ("f( // (don't\n", CODE, ")"),
        ("/* it's (", COMMENT, ""),
        ("/** @param x (", COMMENT, ""),
        ("/* it's ( */ g[", CODE, "]"),
        ('"// no comment" + (', CODE, ")"),
        (" * ends a comment that began above (\n */\nf(", CODE, ")"),
        (") }\nf(", CODE, ")"),
    ],
)
def test_literal_and_closers_in_any_language(language_id, prefix, literal, closers):
    found = read(language_id, prefix)
    assert (found.literal, found.closers) == (literal, closers)


@pytest.mark.parametrize(
    ("language_id", "prefix", "literal", "closers"),
    [
        ("javascript", "f(`a ${b.map((x) => `<${x", CODE, "}`)}`)"),
        ("typescript", "`a ${b} c", STRING, "`"),
        ("javascript", "`a\nb", STRING, "`"),
        ("javascript", "f('don\\'t", STRING, "')"),
        ("javascript", "x = /[/\"'(]/.test(", CODE, ")"),
        ("typescript", 'f(/\\("/g, ', CODE, ")"),
        ("javascript", "a = b / c / (", CODE, ")"),
        ("go", "s := `C:\\", STRING, "`"),
        ("go", "s := `a\n(` + f('\"', ", CODE, ")"),
        ("rust", "fn f<'a>(x: &'a str, ", CODE, ")"),
        ("rust", "f('\"', '\\'', '\\u{7d}', ", CODE, ")"),
        ("rust", 'f("a\nb', STRING, '")'),
        ("rust", 'f(r#"a "b" (', STRING, '"#)'),
        ("rust", 'f(r#"a "b" ("#, ', CODE, ")"),
        ("rust", "/* a /* b */ c (", COMMENT, ""),
        ("cpp", 'f(R"x(a )" (', STRING, ')x")'),
        ("cpp", 'f(R"x(a )" ()x", ', CODE, ")"),
        ("cpp", "f(1'000'000, ", CODE, ")"),
        ("c", "f('(', '\"', ", CODE, ")"),
        ("java", 'f("""\n  a "b" (', STRING, '""")'),
        ("java", 'f("""\n  a "b" (""", ', CODE, ")"),
        ("java", 'f("", ', CODE, ")"),
    ],
)
def test_literal_and_closers_of_one_language(language_id, prefix, literal, closers):
    found = read(language_id, prefix)
    assert (found.literal, found.closers) == (literal, closers)


def test_literal_is_known_where_the_text_begins_in_a_template():
    assert read("javascript", "text) of a\ntemplate`;\n\nf(a, ").closers == ")"
    assert read("rust", 'text) of a\nstring";\nlet x = (\n').closers == ")"


@pytest.mark.parametrize("language_id", MOST)
@pytest.mark.parametrize("prefix", ["x = f(a);", "{\n  return x; ", 'f("a;");', "{ { x; } y;"])
def test_complete_statement_ends_with_its_semicolon(language_id, prefix):
    assert read(language_id, prefix).is_complete


@pytest.mark.parametrize("language_id", MOST)
@pytest.mark.parametrize(
    "prefix",
    ["", "x", "x = ", "f(", "f(a;", "for (i = 0; i < 3;", "// a;", '"a;', "if (x)", "f(a)", "x = {}", "x = {;}"],
)
def test_complete_is_said_of_nothing_unfinished(language_id, prefix):
    assert not read(language_id, prefix).is_complete


@pytest.mark.parametrize(
    ("language_id", "prefix", "is_complete"),
    [
        ("java", "class A {\n  void f() {\n  }", True),
        ("java", "if (a) {\n  b();\n}", False),  # else
        ("java", "try {\n  b();\n}", False),
        ("java", "do {\n  b();\n}", False),
        ("java", "while (a) {\n  b();\n}", True),
        ("java", "int[] a = {1}", False),
        ("c", "struct a {\n  int b;\n}", False),
        ("javascript", "f(() => {\n  g();\n}", False),
        ("javascript", "const a = require('b')", True),
        ("javascript", "a.b(c)", True),
        ("javascript", "x = 1;\na.b(c)", False),  # this file has semicolons
        ("javascript", "class A {\n  b(c)", False),
        ("go", "x := f(a)", True),
        ("go", "fmt.Println(a)", True),
        ("go", "if f.g(a)", False),
        ("go", "func (a *A) f(b int)", False),
        ("go", "if x := a.f(b)", False),
    ],
)
def test_complete_block_or_line(language_id, prefix, is_complete):
    assert read(language_id, prefix).is_complete is is_complete
