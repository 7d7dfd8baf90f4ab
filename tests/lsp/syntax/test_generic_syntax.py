"""Languages that nothing is known of: what the cursor stands in, by its line, and what keeps brackets whole."""

import pytest

from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.protocol import Literal


@pytest.mark.parametrize("language_id", ["kotlin", "yaml", "lua", "plaintext", "nobody-knows-it", ""])
@pytest.mark.parametrize(
    ("prefix", "literal", "closers"),
    [
        ("f(a, [", Literal.CODE, "])"),
        ("f('", Literal.STRING, "')"),
        ("don't f(", Literal.CODE, ")"),
        ('{\nf("', Literal.STRING, '")'),
        ("f(\n", Literal.CODE, ""),
        ('f("a\n', Literal.CODE, ""),
    ],
)
def test_literal_and_closers_of_the_line(language_id, prefix, literal, closers):
    found = syntax_of(language_id).read_cursor(prefix, "")
    assert (found.literal, found.closers, found.is_complete) == (literal, closers, False)


@pytest.mark.parametrize(
    ("language_id", "prefix", "is_comment"),
    [
        ("yaml", "a: b # c (", True),
        ("ruby", "# c", True),
        ("kotlin", "f() // c", True),
        ("kotlin", "f() # c", False),
        ("sql", "select 1 -- c", True),
        ("lua", "-- c", True),
        ("plaintext", "# c", False),
        ("yaml", '"# c"', False),
    ],
)
def test_comment_of_a_family_of_languages(language_id, prefix, is_comment):
    assert (syntax_of(language_id).read_cursor(prefix, "").literal is Literal.COMMENT) is is_comment


@pytest.mark.parametrize("language_id", ["kotlin", "yaml", "plaintext"])
@pytest.mark.parametrize(
    ("prefix", "suffix", "text", "num_replaced", "is_kept"),
    [
        ("f(", ")\n", "a, b", 0, True),
        ("f(", ")\n", "a, b)", 0, False),
        ("f(", ")\n", "a, b).g()", 1, True),
        ("f(", "\n", "a, b)", 0, True),
        ("f(", "\n", "a, b))", 0, False),
        ("f(", "\n", "a, [b)", 0, False),
        ('f("', '")\n', 'a"', 0, False),
        ('f("', '")\n', "it's (a", 0, True),
        ("x = ", "\n", "f(", 0, False),
        ("fun f() {\n  ", "\n}\n", "g()\n}", 0, False),
        ("fun f() {\n  ", "\n}\n", "g { h() }", 0, True),
        ("fun f() {\n  ", "\n", "g()\n}", 0, True),
    ],
)
def test_unmatched_closer_is_refused_in_any_language(language_id, prefix, suffix, text, num_replaced, is_kept):
    assert syntax_of(language_id).is_no_worse(prefix, suffix, text, num_replaced) is is_kept
