"""What an answer must pass in languages that tree-sitter parses; planted faults are refused, each with its reason."""

import random

import pytest

from sotto_lsp.actions.checks import check
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import PART, Hole, Target
from sotto_lsp.syntax.tree_sitter.grammar import grammar_of
from sotto_lsp.syntax.tree_sitter.language import Role
from sotto_lsp.syntax.tree_sitter.syntax_tree import SyntaxTree


def list_checks(target):
    return syntax_of(target.language_id).list_checks(target)


TYPESCRIPT = """import { b } from "b";

export function area(r: number): number {
  const two = 2;
  const pi = 3;
  return pi * two * r;
}

class Shape {
  area(): number {
    throw new Error("TODO");
  }
}
"""
RUST = (
    "pub fn area(r: f64) -> f64 {\n    let pi = 3.0;\n    pi * r\n}\n\n"
    "pub fn twice(x: f64) -> f64 {\n    todo!()\n}\n"
)
GO = (
    "package a\n\nfunc Area(r float64) float64 {\n\tpi := 3.0\n\treturn pi * r\n}\n\n"
    'func Twice() int {\n\tpanic("TODO")\n}\n'
)
C = "struct a {\n    int b;\n};\n\nint area(int r) {\n    int pi = 3;\n    return pi * r;\n}\n\nint two(void) {\n}\n"
JAVA = (
    "class A {\n    int area(int r) {\n        int pi = 3;\n        return pi * r;\n    }\n\n"
    "    int twice() {\n    }\n}\n"
)
BROKEN = "function f() {\n  const x = [1, 2;\n}\n\nfunction g() {\n  return 1;\n}\n"
UNCLOSED = "function g() {\n  return 1;\n\nfunction f() {\n  return 2;\n}\n"


def verdict(text, old, new, language_id="typescript", name="body", **about):
    """Why `old` -> `new` is refused, in a target of the lines that `old` lies in."""
    start = text.index(old)
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", start + len(old))
    hole = Hole(start, start + len(old))
    target = Target(language_id, first, last, {name: hole}, **about)
    return check(text, TextChange(hole.start, hole.end, new), target)


@pytest.mark.parametrize(
    ("language_id", "text", "old", "new"),
    [
        ("typescript", TYPESCRIPT, 'throw new Error("TODO");', "return area(1);"),
        (
            "typescript",
            TYPESCRIPT,
            'throw new Error("TODO");',
            "if (1) {\n      return 1;\n    }\n    return `)${2}`;",
        ),
        ("rust", RUST, "todo!()", 'println!("{}", ")");\n    x * 2.0'),
        ("go", GO, 'panic("TODO")', "for {\n\t}"),
        ("go", GO, 'panic("TODO")', "// one\n\treturn 1 // two\n\t// three"),
        ("typescript", BROKEN, "return 1;", "return 2;"),
        ("typescript", BROKEN, "return 1;", "const a = 1;\n  return a;"),
    ],
)
def test_sound_body_passes_whatever_is_wrong_elsewhere(language_id, text, old, new):
    assert verdict(text, old, new, language_id) is None


@pytest.mark.parametrize(
    ("language_id", "text", "old", "new", "why"),
    [
        ("typescript", TYPESCRIPT, 'throw new Error("TODO");', "return area(1", "would not parse"),
        (
            "typescript",
            TYPESCRIPT,
            'throw new Error("TODO");',
            "return 1;\n  }\n\n  more() {",
            "end the function",
        ),
        (
            "typescript",
            TYPESCRIPT,
            'throw new Error("TODO");',
            "return 1; } b() { return 2;",
            "end the function",
        ),
        ("typescript", TYPESCRIPT, "const pi = 3;", "}\nfunction b() {", "end the function"),
        ("typescript", TYPESCRIPT, "area(r: number)", "area(r: string)", "a signature would change"),
        ("typescript", TYPESCRIPT, "class Shape {", "class Form {", "a signature would change"),
        ("rust", RUST, "todo!()", "x *", "would not parse"),
        ("rust", RUST, "todo!()", "// nothing /* yet", "no code in it"),
        ("typescript", TYPESCRIPT, "const pi = 3;", "// one\n  /* two */", "no code in it"),
        ("rust", RUST, "todo!()", "}\nfn b() {", "end the function"),
        ("rust", RUST, "area(r: f64) -> f64", "area(r: f64)", "a signature would change"),
        ("go", GO, 'panic("TODO")', "return (", "would not parse"),
        ("go", GO, 'panic("TODO")', "}\n\nfunc B() {", "end the function"),
        ("go", GO, "Twice() int {", "Twice() {", "a signature would change"),
        ("go", GO, "Twice() int {", "Twice() int; {", "a signature would change"),
        ("typescript", BROKEN, "return 1;", "return (1;", "would not parse"),
        ("typescript", UNCLOSED, "return 2;", "return 2;\n}", "brackets"),
        ("typescript", TYPESCRIPT, "const pi = 3;", "const pi = 3;", "changes nothing"),
    ],
)
def test_refusal_of_an_answer_has_a_reason(language_id, text, old, new, why):
    assert why in verdict(text, old, new, language_id)


@pytest.mark.parametrize(
    ("language_id", "text", "old", "new", "why"),
    [
        ("typescript", TYPESCRIPT, "  const two = 2;\n  const pi = 3;", "  const [two, pi] = [2, 3];", None),
        (
            "typescript",
            TYPESCRIPT,
            "  const two = 2;\n  const pi = 3;",
            "  const pi = 3;",
            "two, which other code may use",
        ),
        ("typescript", TYPESCRIPT, "  const pi = 3;\n  return pi * two * r;", "  return 3 * two * r;", None),
        ("rust", RUST, "    let pi = 3.0;", "    let p = 3.0;", "pi, which other code"),
        ("rust", RUST, "    let pi = 3.0;\n    pi * r", "    3.0 * r", None),
        ("go", GO, "\tpi := 3.0", "\tvar pi float64 = 3", None),
        ("go", GO, "\tpi := 3.0", "\tp := 3.0", "pi, which other code"),
        (
            "java",
            "class A {\n    int a = 1, b = 2;\n}\n",
            "    int a = 1, b = 2;",
            "    int a = 1;",
            "b, which",
        ),
        ("c", "int a = 1;\nint b(void) { return 2; }\n", "int a = 1;", "int c = 1;", "a, which"),
    ],
)
def test_names_that_others_use_are_kept(language_id, text, old, new, why):
    said = verdict(text, old, new, language_id, PART)
    assert said is None if why is None else why in said
    assert verdict(text, old, new, language_id, PART, may_drop_names=True) is None


@pytest.mark.parametrize("about", [{}, {"may_drop_names": True}])
def test_words_that_happen_to_parse_are_no_code(about):
    said = verdict(TYPESCRIPT, "  return pi * two * r;", "  Sure!", name=PART, **about)
    assert said == "it has none of the names of the lines"


@pytest.mark.parametrize(
    ("language_id", "text"),
    [
        ("c", C),
        ("cpp", C.replace("struct", "class")),
        ("go", GO),
        ("java", JAVA),
        ("javascript", TYPESCRIPT.replace(": number", "")),
        ("rust", RUST),
        ("typescript", TYPESCRIPT),
    ],
)
def test_random_answers_that_pass_break_no_text(language_id, text):
    """Held against trees that are parsed afresh, as those of the checks are not."""
    dice = random.Random(11)
    pieces = [
        "{",
        "}",
        "(",
        ")",
        ";",
        "\n",
        " ",
        "x",
        "return",
        "1",
        "+",
        '"',
        "func f",
        "fn g",
        "//",
        "=",
        ",",
    ]
    before = SyntaxTree.parse(grammar_of(language_id), text)
    num_passed = 0
    for _ in range(500):
        start = dice.randrange(len(text))
        end = min(len(text), start + dice.choice([0, 1, 4, 20]))
        change = TextChange(start, end, "".join(dice.choices(pieces, k=dice.randrange(1, 7))))
        first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        holes = {"line": Hole(start, end)}
        target = Target(language_id, first, len(text) if last < 0 else last, holes)
        if check(text, change, target) is None:
            num_passed += 1
            after = SyntaxTree.parse(grammar_of(language_id), change.apply(text))
            assert after.problems == () and functions(before) <= functions(after), change
    assert num_passed > 1


def functions(tree):
    """The heads of those with a body, without those inside others."""
    found, inside = set(), 0
    for each in tree.regions(Role.FUNCTION, 0, len(tree.text)):
        if each.start >= inside and each.body:
            found.add(" ".join(tree.text[each.start : each.body[0]].split()))
            inside = each.end
    return found


def test_repair_mends_the_lines_and_keeps_their_words():
    about = {"is_syntax_error": True, "name": "line"}
    assert verdict(BROKEN, "const x = [1, 2;", "const x = [1, 2];", **about) is None
    assert verdict(BROKEN, "const x = [1, 2;", "const x = [1, 2);", **about) == "it would not parse"
    assert verdict(BROKEN, "const x = [1, 2;", "y();", **about) == "words of the line are gone"
    assert verdict("function f() {\n  retrun 1;\n}\n", "retrun 1;", "return 1;", **about) is None
    two = BROKEN.replace("return 1;", "return (1;")
    assert verdict(two, "const x = [1, 2;", "const x = [1, 2];", **about) is None, "the other stays as it is"


def test_checks_passed_are_named_and_no_others():
    hole = {"body": Hole(0, 1)}
    for target, said in [
        (Target("rust", 0, 1, hole), ("it parses", "all signatures are kept")),
        (
            Target("rust", 0, 1, hole, is_syntax_error=True),
            ("these lines parse", "their words are kept"),
        ),
    ]:
        assert list_checks(target) == said
    for about in ({}, {"may_drop_names": True}):
        for said in list_checks(Target("go", 0, 1, {PART: Hole(0, 1)}, **about)):
            assert "compiles" not in said and "known" not in said


def test_slow_text_that_is_not_parsed_in_time_is_not_changed():
    text = "function f(a { if ( x [ " * 8000 + "\ny;\n"
    assert verdict(text, "y;", "z;") == "it could not be parsed in time"
