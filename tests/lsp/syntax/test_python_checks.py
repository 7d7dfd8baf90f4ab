"""What an answer must pass: the document compiles, no unknown name is read, signatures and words stay."""

import pytest

from sotto_lsp.actions.checks import check
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.python.parsing import find_error, read_python
from sotto_lsp.syntax.target import Hole, Target

CODE = "import os\n\n\ndef size(path):\n    return os.stat(path).st_size\n\n\ndef twice(n):\n    pass\n"


def verdict(text, old, new, **about):
    """Why `old` -> `new` is refused, in a target of the lines that `old` lies in."""
    start = text.index(old)
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start + len(old))
    body = {"body": Hole(start, start + len(old))}
    target = Target("python", first, len(text) if last < 0 else last, body, **about)
    return check(text, TextChange(start, start + len(old), new), target)


def test_sound_answer_passes():
    assert verdict(CODE, "pass", "return n * 2") is None


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("pass", "changes nothing"),
        ("return n *", "would not compile"),
        ("return m * 2", "m is defined nowhere"),
        ("return 2\n\n\ndef more():\n    pass", "a signature would change"),
        ("pass  # or: return n * 2", None),
        ("break", "would not compile"),  # the parser takes it, the compiler does not
    ],
)
def test_refusal_of_an_answer_has_a_reason(new, why):
    verdict_of_it = verdict(CODE, "pass", new)
    assert why in verdict_of_it if why else verdict_of_it is None


def test_comment_is_no_code():
    text = "def f(x):\n    x += 1\n    # TODO: twice\n    return x\n"
    assert verdict(text, "x += 1", "# TODO: add one") == "there is no code in it"
    assert verdict(text, "# TODO: twice", "# TODO: twice\n    # Or thrice.") == "there is no code in it"
    assert verdict(text, "# TODO: twice", "# TODO: twice\n    x += 1  # again") is None


def test_name_that_another_line_reads_must_stay():
    text = "def f(x):\n    total = x + 1\n    return total\n"
    assert verdict(text, "total = x + 1", "other = x + 1") == "total is defined nowhere"


def test_unknown_names_of_before_are_accepted():
    text = "def f():\n    return magic\n\n\ndef g():\n    pass\n"
    assert verdict(text, "pass", "return 1") is None
    assert verdict(text, "pass", "return magic") is None


def test_star_import_may_bring_any_name():
    assert verdict("from os import *\n\n\ndef g():\n    pass\n", "pass", "return getcwd()") is None


def test_repair_keeps_the_words_of_the_line():
    text = "total = sum(values\n"
    values = "values = [1]\n" + text
    assert verdict(values, "total = sum(values\n", "total = sum(values)\n", is_syntax_error=True) is None
    assert "words" in verdict(values, "total = sum(values\n", "total = len(values)\n", is_syntax_error=True)
    assert verdict("values = [1]\nretrun values\n", "retrun values", "print(values)", is_syntax_error=True)
    assert verdict("def f(a):\n    retrun a\n", "retrun a", "return a", is_syntax_error=True) is None


def test_undefined_name_must_go():
    text = "total = 1\nprint(totl)\n"
    assert verdict(text, "totl", "total", unwanted="totl") is None
    assert verdict(text, "totl", "totl ", unwanted="totl") == "totl is not defined"


def test_undefined_name_in_a_signature_may_be_put_right():
    text = "LIMIT = 1\n\n\ndef f(a=LIMTI):\n    return a\n"
    assert verdict(text, "LIMTI", "LIMIT", unwanted="LIMTI", is_name=True) is None


def test_repair_may_part_a_word_in_two():
    text = "def f(a):\n    return lena)\n"
    assert verdict(text, "lena)", "len(a)", is_syntax_error=True) is None


@pytest.mark.parametrize(
    "text",
    [
        "def f(*a, b: int = 1, **c): return a, b, c, __name__",
        "import a.b as c, d.e\nprint(c, d)",
        "try:\n    pass\nexcept ValueError as e:\n    print(e)",
        "match 1:\n    case [x, *y] as z:\n        print(x, y, z)\n    case {'a': 1, **w}:\n        print(w)",
        "def f():\n    global g\n    g = 1\nprint(g)",
        "print([i for i in range(3)], (j := 1), j, lambda k: k)",
        "class A:\n    def m(self): return __class__",
    ],
)
def test_binding_of_any_kind_makes_a_name_known(text):
    assert read_python(text).unknown_names == frozenset()


@pytest.mark.parametrize("text", ["x = (" * 300, "\0", "x = '\\d'\n" * 3, "\ud800"])
def test_parser_survives_any_text(text, capsys):
    find_error(text)
    read_python(text)
    assert capsys.readouterr().err == "", "warnings about the user's code are not for stderr"


@pytest.mark.parametrize(
    ("text", "start", "end", "new"),
    [
        ("abcdef", 1, 5, "bXe"),
        ("aaaa", 0, 4, "aaa"),
        ("x\r\ny", 0, 4, "x\ry"),
        ("x\ry", 0, 3, "x\r\ny"),
        ("same", 0, 4, "same"),
        ("", 0, 0, "new"),
    ],
)
def test_minimized_change_makes_the_same_text(text, start, end, new):
    change = TextChange(start, end, new)
    small = change.minimize(text)
    assert small.apply(text) == change.apply(text)
    assert len(small.new) <= len(new)
    for offset in (small.start, small.end):
        assert text[offset - 1 : offset + 1] != "\r\n", "a CRLF is never parted"
