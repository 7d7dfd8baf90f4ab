"""Planted syntax errors: each is found at its line, and what it was before is among the repairs."""

import pytest

from sotto_lsp.actions.places.find_error import find_error
from sotto_lsp.actions.places.place import Place
from sotto_lsp.actions.search.syntax_repairs import MAX_REPAIRS, find_syntax_repairs
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.snapshot import DocumentSnapshot

AROUND = {
    "typescript": "class A {\n  f(a: number[]) {\n    g();\n{}\n    h();\n  }\n}\n\nfunction after() {}\n",
    "javascript": "const a = () => {\n{}\n};\n\nconst b = 1;\n",
    "rust": "fn f(a: Vec<i32>) -> i32 {\n    g();\n{}\n    h()\n}\n\nfn after() {}\n",
    "go": "package a\n\nfunc f(a []int) int {\n\tg()\n{}\n\treturn 1\n}\n\nfunc after() {}\n",
    "c": "int f(int *a) {\n    g();\n{}\n    return 1;\n}\n\nint after(void) { return 1; }\n",
    "cpp": "int A::f(std::vector<int> a) {\n    g();\n{}\n    return 1;\n}\n\nint after() { return 1; }\n",
    "java": "class A {\n    int f(int[] a) {\n        g();\n{}\n        return 1;\n    }\n    int b;\n}\n",
}
PLANTED = [
    ("typescript", "    const x = [1, 2;", "    const x = [1, 2];"),
    ("typescript", "    if (a[0] > 1 {\n      g();\n    }", "    if (a[0] > 1) {\n      g();\n    }"),
    ("typescript", "    a.map(x => x + 1));", "    a.map(x => x + 1);"),
    ("typescript", "    retrun a[0];", "    return a[0];"),
    ("typescript", "    const s = `a ${a[0]`;", "    const s = `a ${a[0]}`;"),
    ("javascript", "  return { a: 1, b: 2 ;", "  return { a: 1, b: 2 };"),
    ("javascript", "  const s = 'a;", "  const s = 'a';"),
    ("rust", "    let x = g(a[0];", "    let x = g(a[0]);"),
    ("rust", "    let x = a.len()", "    let x = a.len();"),
    ("rust", "    lte x = 1;", "    let x = 1;"),
    ("go", "\tfor i := 0; i < 3; i++\n\t\tg(i)\n\t}", "\tfor i := 0; i < 3; i++{\n\t\tg(i)\n\t}"),
    ("go", "\tx := g(a[0]", "\tx := g(a[0])"),
    ("c", "    int x = a[0]", "    int x = a[0];"),
    ("c", "    if (a[0] > 1 {\n    }", "    if (a[0] > 1) {\n    }"),
    ("cpp", "    std::vector<int x = a;", "    std::vector<int> x = a;"),
    ("java", "        int x = a[0)];", "        int x = a[0];"),
    ("java", '        String s = "a;', '        String s = "a";'),
]


def planted(language_id, wrong):
    text = AROUND[language_id].replace("{}\n", wrong + "\n", 1)
    return Lines(DocumentSnapshot.of(text, language_id=language_id, uri="file:///planted"))


def target_at(lines, wrong):
    start = lines.snapshot.text.index(wrong)
    line = lines.snapshot.line_starts.line_of(start)
    return find_error(lines, Place(line, line, start, start))


@pytest.mark.parametrize(("language_id", "wrong", "right"), PLANTED)
def test_repairs_have_what_was_there_before(language_id, wrong, right):
    lines = planted(language_id, wrong)
    target = target_at(lines, wrong)
    assert target is not None and target.language_id == language_id
    repaired = [change.apply(lines.snapshot.text) for change in find_syntax_repairs(lines, target, time_limit_s=60)]
    assert AROUND[language_id].replace("{}\n", right + "\n", 1) in repaired
    assert len(repaired) == len(set(repaired)) <= MAX_REPAIRS


@pytest.mark.parametrize("language_id", AROUND)
def test_repairs_are_not_offered_without_an_error(language_id):
    lines = planted(language_id, "")
    for line in range(len(lines)):
        assert find_error(lines, Place(line, line, 0, 0)) is None


def test_repairs_are_not_offered_lines_away():
    lines = planted("typescript", "    const x = [1, 2;")
    offered = [line for line in range(len(lines)) if find_error(lines, Place(line, line, 0, 0))]
    assert offered == [3]


def test_search_for_repairs_ends_in_time():
    lines = planted("typescript", "    const x = [1, 2;" + " f(a);" * 50)
    target = target_at(lines, "    const x")
    assert target is not None and find_syntax_repairs(lines, target, time_limit_s=0) == []
