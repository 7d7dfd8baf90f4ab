"""The guard in languages of tree-sitter: what is whole stays whole, what is half typed may be finished."""

import time

import pytest

from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.tree_sitter import guard

CLASSES = {
    "java": ("class A {\n    int f(int a) {\n        ", ";\n        g();\n    }\n\n    void h() {\n    }\n}\n"),
    "cpp": ("class A {\n    int f(int a) {\n        ", ";\n        g();\n    }\n\n    void h() {\n    }\n};\n"),
    "javascript": ("class A {\n  f(a) {\n    ", ";\n    g();\n  }\n\n  h() {\n  }\n}\n"),
    "typescript": ("class A {\n  f(a: int) {\n    ", ";\n    g();\n  }\n\n  h() {\n  }\n}\n"),
    "rust": ("impl A {\n    fn f(&self) {\n        ", ";\n        g();\n    }\n\n    fn h() {\n    }\n}\n"),
    "go": ("type A int\n\nfunc (x A) f() {\n\t", "\n\tg()\n}\n\nfunc h() {\n}\n"),
    "c": ("int b;\n\nint f(int a) {\n    ", ";\n    g();\n}\n\nvoid h() {\n}\n"),
}
FILLER = "\n".join(f"// {'line ' * 9}{number}" for number in range(10_000))


@pytest.fixture(autouse=True)
def enough_time(request, monkeypatch):
    """So that a busy machine answers alike."""
    if "in_time" not in request.node.name:
        monkeypatch.setattr(guard, "TIME_LIMIT_S", 1.0)
    guard._parse_nearby.cache_clear()
    yield
    guard._parse_nearby.cache_clear()


def keeps(language_id, typed, text, rest="", num_replaced=0):
    """In a function of a class, where `typed` stands on the line, and `rest` after the cursor."""
    before, after = CLASSES[language_id]
    return syntax_of(language_id).is_no_worse(before + typed, rest + after, text, num_replaced)


@pytest.mark.parametrize("language_id", CLASSES)
@pytest.mark.parametrize(
    ("typed", "text", "rest", "num_replaced"),
    [
        ("x = ", "f(a)", "", 0),
        ("x = f(", "a, b)", "", 0),
        ("x = f(", "a, b", ")", 0),
        ("x = f(", "a).g()", ")", 1),
        ('x = f("', 'a")', "", 0),
        ('x = f("', "a (b", '")', 0),
        ("x = f(a", "[0], b[c", "])", 0),
        ("x = f(a)", "", "", 0),
        ("x = f(a) // as ", "we do (always", "", 0),
    ],
)
def test_whole_text_is_kept(language_id, typed, text, rest, num_replaced):
    assert keeps(language_id, typed, text, rest, num_replaced)


@pytest.mark.parametrize("language_id", CLASSES)
@pytest.mark.parametrize(
    ("typed", "text", "rest", "num_replaced"),
    [
        ("x = f(", "a)", ")", 0),
        ("x = f(", "a))", "", 0),
        ("x = f(", "a]", ")", 0),
        ("x = f(", "[a", ")", 0),
        ("x = f(", "a", ")", 1),
        ('x = f("', 'a"', '")', 0),
        ("x = a", " b c", "", 0),
        ("x = a", " + (", "", 0),
        ("x = a", ";\n}", "", 0),
        ("x = a", ";\nif (b) {\n", "", 0),
        ("x = a", ' + "b', "", 0),
        ("x = a", " = = b", "", 0),
    ],
)
def test_text_that_breaks_the_statement_is_refused(language_id, typed, text, rest, num_replaced):
    assert not keeps(language_id, typed, text, rest, num_replaced)


@pytest.mark.parametrize("language_id", ["java", "javascript", "typescript", "rust", "go", "c", "cpp"])
def test_missing_block_may_be_added(language_id):
    before, after = CLASSES[language_id]
    step = "\t" if language_id == "go" else "  "
    indent = before.rpartition("\n")[2]
    head = {"rust": "if b ", "go": "if b "}.get(language_id, "if (b) ")
    syntax = syntax_of(language_id)
    block = f"{{\n{indent}{step}g()\n{indent}}}".replace("g()", "g()" if language_id == "go" else "g();")
    end = "\n" + after.split("\n", 1)[1]
    assert syntax.is_no_worse(before + head, end, block, 0)
    assert syntax.is_no_worse(before + head + "{", f"\n{indent}}}" + end, f"\n{indent}{step}g();", 0)
    assert not syntax.is_no_worse(before + head + "{", f"\n{indent}}}" + end, f"\n{indent}{step}g();\n{indent}}}", 0)


def test_guard_compares_what_is_near():
    before, after = CLASSES["java"]
    broken = "class B { int = ; ( }\n\n"
    assert syntax_of("java").is_no_worse(broken + before + "x = ", after + "\n" + broken, "f(a)", 0)
    assert not syntax_of("java").is_no_worse(broken + before + "x = ", after + "\n" + broken, "f(a))", 0)


@pytest.mark.parametrize("language_id", CLASSES)
def test_guard_ends_a_block_that_is_open_by_its_indentation(language_id):
    before, after = CLASSES[language_id]
    indent = before.rpartition("\n")[2]
    outer = before.rpartition("\n")[0].rpartition("\n")[2]
    outer = outer[: len(outer) - len(outer.lstrip())]
    statement = "g()" if language_id == "go" else "g();"
    unclosed = after.split("}", 1)[1]
    assert syntax_of(language_id).is_no_worse(before, unclosed, f"{statement}\n{outer}}}", 0)
    assert not syntax_of(language_id).is_no_worse(before, unclosed, f"{statement}\n{outer}}}\n{outer}}}", 0)
    assert not syntax_of(language_id).is_no_worse(
        before, "\n" + after.split("\n", 1)[1], f"{indent}{statement}\n}}", 0
    )


@pytest.mark.parametrize("language_id", ["java", "cpp", "javascript", "rust"])
def test_guard_answers_in_time_on_nonsense(language_id):
    nonsense = "".join(f"({{[<a{number}=*&%^ " for number in range(1000))[:8192]
    syntax = syntax_of(language_id)
    times = []
    for text in ("f(a)", ")", "}]", "x = ", '"', "<<", "{", "a b c"):
        began_s = time.thread_time()
        syntax.is_no_worse(nonsense, nonsense, text, 0)
        times.append(time.thread_time() - began_s)
    assert sum(times) < 0.1  # on a busy machine; without a limit it is seconds


def test_guard_stops_parsing_when_its_time_is_up(monkeypatch):
    monkeypatch.setattr(guard, "TIME_LIMIT_S", 0.0)
    assert keeps("java", "x = a /*1*/ ", " b c"), "only the brackets are compared"
    assert not keeps("java", "x = a /*1*/ ", " b)")


@pytest.mark.parametrize("text", ["a, b)", "a, b))"])
def test_guard_judges_alike_in_a_long_file(text):
    before, after = CLASSES["typescript"]
    short = keeps("typescript", "x = f(", text)
    prefix, suffix = (FILLER + "\n" + before + "x = f(")[-8192:], (after + FILLER)[:8192]
    assert syntax_of("typescript").is_no_worse(prefix, suffix, text, 0) is short is (text == "a, b)")
