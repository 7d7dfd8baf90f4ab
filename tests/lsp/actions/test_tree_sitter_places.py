"""Where actions are offered in languages that tree-sitter parses, and what the model is asked to fill there."""

import pytest

from lsp.scripted_model import marked
from sotto_lsp.actions.catalogue import find_offered

FILLS = frozenset({"inline-completion", "body"})
CHATS = frozenset({"chat"})
FIX, BODY, TODO = "Fix syntax error here", "Complete this body", "Implement this TODO"
LINE, SIMPLIFY, EXPLAIN = "Rewrite line: 3 alternatives", "Simplify", "Explain"
REWRITE = "Rewrite selection as: {instruction}"


def titles(language_id, drawn, good_for=FILLS):
    lines, place = marked(drawn, language_id=language_id)
    return [action.template.title for action, *_ in find_offered(lines.snapshot, [place], good_for)]


def test_prompt_has_what_is_written_after_an_answer():
    lines, place = marked("class A {\n  f()▮ {}\n}\n", language_id="typescript")
    action, target = next(
        (each, each.find(lines, place)) for each, *_ in find_offered(lines.snapshot, [place], FILLS)
    )
    request = action.template.request(lines.snapshot.text, target.holes["body"], "a.ts")
    assert request.prefix.endswith("f() {\n    ") and request.suffix == "\n  }\n}\n"


def hole(language_id, drawn, name):
    """The text with ⟨what the hole covers⟩, between what is written before and after an answer."""
    lines, place = marked(drawn, language_id=language_id)
    action = next(
        each for each, *_ in find_offered(lines.snapshot, [place], FILLS) if name in each.find(lines, place).holes
    )
    target = action.find(lines, place)
    at, text = target.holes[name], lines.snapshot.text
    return f"{text[: at.start]}{at.lead}⟨{text[at.start : at.end]}⟩{at.tail}{text[at.end :]}"


@pytest.mark.parametrize(
    ("language_id", "drawn", "expected"),
    [
        ("typescript", "function f(a: number)▮: number {\n}\n", [BODY]),
        ("typescript", "class A {\n  f(): number {▮ throw new Error('not implemented'); }\n}\n", [BODY]),
        ("typescript", "class A {\n  f() {\n    throw new Error('TODO');▮\n  }\n}\n", [BODY, LINE]),
        ("typescript", "class A {\n  f() {\n    throw new Error('empty');▮\n  }\n}\n", [LINE]),
        ("typescript", "class A {\n  f() {▮\n    return 1;\n  }\n}\n", []),
        ("typescript", "import { a } ▮from 'a';\n", []),
        ("typescript", "const s = `a\n  ▮b c\n`;\n", []),
        ("typescript", "/* a\n  ▮b c\n*/\n", []),
        ("typescript", "const a = 1;▮ // TODO: more of it\n", [LINE]),
        ("typescript", "  // TODO: add▮ them\n", [TODO]),
        ("typescript", "f(1▮;\ng(2);\n", [FIX]),
        ("typescript", "f(1;\ng(2);\nh();\ni(3▮);\n", [LINE]),
        ("typescript", "if (a) {\n  b();\n▮} else {\n  c();\n}\n", []),
        ("typescriptreact", "const F = () => {\n  ▮return <p className='a'>x</p>;\n};\n", [LINE]),
        ("javascript", "const f = (x) => {▮};\n", [BODY, LINE]),
        ("javascriptreact", "@a\nclass ▮A {\n}\n", []),
        ("rust", "impl A {\n    fn f(&self) -> i32▮ {\n        todo!()\n    }\n}\n", [BODY]),
        ("rust", 'fn f() {\n    unimplemented!("{}", 1);▮\n}\n', [BODY, LINE]),
        ("rust", "fn f() {\n    // one▮\n}\n", [BODY]),
        ("rust", "#[derive(▮Debug)]\nstruct A;\n", []),
        ("rust", "fn f() {\n    let x = g(1▮;\n}\n", [FIX]),
        ("rust", "use std::▮fs;\n", []),
        ("go", 'package a\n\nfunc f() int {▮\n\tpanic("not implemented")\n}\n', [BODY]),
        ("go", "package a\n\nfunc f() int {\n\t▮x := 1\n\treturn x\n}\n", [LINE]),
        ("go", 'package a\n\nfunc f() int {▮\n\tx := 1\n\tpanic("TODO")\n}\n', []),
        ("go", "package a\n\nfunc f() {\n\tfor i := 0; i < 3; i++ ▮\n\t\tg(i)\n\t}\n}\n", [FIX]),
        ("c", "#include <a.▮h>\n", []),
        ("c", "#ifdef A▮\nint x;\n#endif\n", []),
        ("c", "#ifdef A\nint x▮;\n#endif\n", [LINE]),
        ("c", "int f(int x)▮\n{\n}\n", [BODY]),
        ("cpp", 'int A::f(int x)▮ {\n    throw std::logic_error("not implemented");\n}\n', [BODY]),
        ("java", "class A {\n    A(int x)▮ {\n    }\n}\n", [BODY]),
        (
            "java",
            "class A {\n    int f() {▮\n        throw new UnsupportedOperationException();\n    }\n}\n",
            [BODY],
        ),
        ("kotlin", "fun f() {}▮\n", []),
        ("typescript", "▮", []),
    ],
)
def test_offered_with_a_model_that_fills_in(language_id, drawn, expected):
    assert titles(language_id, drawn) == expected


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ("function f() {\n▮  const x = 1;\n  g(x);\n▮}\n", [SIMPLIFY, EXPLAIN]),
        ("function f() {\n▮  const x = 1;\n}\n▮", []),
        ("function f() {\n▮  if (x) {\n▮    g(x);\n  }\n}\n", []),
        ("export function f()▮ {\n  g(x);\n}\n", [SIMPLIFY, EXPLAIN]),
        ("function f() {\n  g(▮x);\n}\n", []),
        (
            "function f() {\n▮  // as one line, please\n  const x = 1;\n  g(x);\n▮}\n",
            [SIMPLIFY, REWRITE, EXPLAIN],
        ),
        ("function f() {\n▮  /// three slashes say nothing\n  g(x);\n▮}\n", [SIMPLIFY, EXPLAIN]),
        ("function f() {\n▮  g(x;\n  h();\n▮}\n", []),
    ],
)
def test_offered_with_an_instruct_model(drawn, expected):
    assert titles("typescript", drawn, CHATS) == expected


def test_offered_is_nothing_with_a_model_that_can_do_nothing():
    assert titles("typescript", "f(1▮;\n", frozenset()) == []


@pytest.mark.parametrize(
    ("language_id", "drawn", "name", "expected"),
    [
        ("typescript", "function f()▮ {\n}\n", "body", "function f() {\n  ⟨⟩\n}\n"),
        ("typescript", "  m() {\n  },\n  f()▮ {}\n", "body", None),
        ("typescript", "class A {\n  f()▮ {}\n}\n", "body", "class A {\n  f() {\n    ⟨⟩\n  }\n}\n"),
        (
            "rust",
            "mod a {\n    fn f()▮ { todo!() }\n}\n",
            "body",
            "mod a {\n    fn f() {\n        ⟨ todo!() ⟩\n    }\n}\n",
        ),
        ("rust", "fn f()▮ {\n    todo!()\n}\n", "body", "fn f() {\n    ⟨todo!()⟩\n}\n"),
        ("rust", "fn f()▮ {\n    // one\n\n}\n", "body", "fn f() {\n    // one\n    ⟨\n⟩\n}\n"),
        ("go", "package a\n\nfunc f()▮ {}\n", "body", "package a\n\nfunc f() {\n\t⟨⟩\n}\n"),
        ("c", "int f(int x)▮\r\n{\r\n}\r\n", "body", "int f(int x)\r\n{\r\n    ⟨⟩\r\n}\r\n"),
        (
            "go",
            "package a\n\nfunc f() {\n\t// TODO: go▮ on\n}\n",
            "below",
            "package a\n\nfunc f() {\n\t// TODO: go on\n\t⟨⟩\n}\n",
        ),
    ],
)
def test_hole_is_where_the_answer_belongs(language_id, drawn, name, expected):
    if expected is None:
        assert titles(language_id, drawn) in ([], [FIX]), "no function: an error"
    else:
        assert hole(language_id, drawn, name) == expected
