"""What the text before the cursor says of it: the literal, what is open, whether the statement is whole."""

import pytest

from sotto_lsp.syntax.protocol import Literal
from sotto_lsp.syntax.python.python_syntax import PythonSyntax

CODE, STRING, DOCSTRING, COMMENT = Literal.CODE, Literal.STRING, Literal.DOCSTRING, Literal.COMMENT


def read(marked):
    prefix, suffix = marked.split("│")
    return PythonSyntax().read_cursor(prefix, suffix)


@pytest.mark.parametrize(
    ("marked", "literal", "closers"),
    [
        ("x = │", CODE, ""),
        ("f([{│", CODE, "}])"),
        ('f(["│', STRING, '"])'),
        ("f(['it│", STRING, "'])"),
        ("f(a, (b), [c[1]│", CODE, "])"),
        ('f(")", │', CODE, ")"),
        ('x = "a\\"b│', STRING, '"'),
        ('x = r"a\\│', STRING, '"'),
        ('x = "a" + b"c│', STRING, '"'),
        ("x = f(a,  # (│", COMMENT, ")"),
        ("# it's (│", COMMENT, ""),
        ("x = 1  # it's\ny = (│", CODE, ")"),
        ("x = 1 + \\\n    f(│", CODE, ")"),
    ],
)
def test_closers_of_brackets_and_quotes(marked, literal, closers):
    context = read(marked)
    assert (context.literal, context.closers) == (literal, closers)


@pytest.mark.parametrize(
    ("marked", "literal", "closers"),
    [
        ('f"{x│', CODE, '}"'),
        ('f"a {x} │', STRING, '"'),
        ('f"{{x│', STRING, '"'),
        ('f"{x}}} {y│', CODE, '}"'),
        ('f"{x:│', STRING, '}"'),
        ('f"{x:>{w│', CODE, '}}"'),
        ('f"{x!r:>{w}│', STRING, '}"'),
        ("f\"{d['a│", STRING, "']}\""),
        ('f"{d["a│', STRING, '"]}"'),
        ('f"{d["a"]│', CODE, '}"'),
        ('print(f"{x}", │', CODE, ")"),
        ("rf'''{x(\n    y│", CODE, ")}'''"),
        ("x = {'a': f'{b}', │", CODE, "}"),
        ('f"{x"\ny = (│', CODE, ")"),
    ],
)
def test_closers_of_f_strings(marked, literal, closers):
    context = read(marked)
    assert (context.literal, context.closers) == (literal, closers)


@pytest.mark.parametrize(
    ("marked", "literal", "closers"),
    [
        ('def f():\n    """Do│', DOCSTRING, '"""'),
        ("def f():\n    r'''Do\n\n    it│", DOCSTRING, "'''"),
        ('"""Do "it" and ""│', DOCSTRING, '"""'),
        ('class A:\n    "Do│', DOCSTRING, '"'),
        ('x = """Do│', STRING, '"""'),
        ('f("""Do│', STRING, '""")'),
        ('f"""Do│', STRING, '"""'),
        ('"Do" + "it│', STRING, '"'),
        ('"""Do."""\nx = f(│', CODE, ")"),
    ],
)
def test_docstring_is_a_string_that_begins_a_statement(marked, literal, closers):
    context = read(marked)
    assert (context.literal, context.closers) == (literal, closers)


@pytest.mark.parametrize(
    ("marked", "closers"),
    [
        ("foo(a,\nx = g(│", ")"),
        ("foo(a\nx = g(│", ")"),
        ("foo(a\nbar│", ""),
        ("def g():\n    foo(a,\n    return (│", ")"),
        ("def g():\n    foo(a,\n    return h(│", ")"),
        ("class A:\n    def g(self\n\n    def h(│", ")"),
        ("x = [\n    f(1,\n\n@wraps(│", ")"),
        ("if f(a:\n    g()\nelse:\n    h(│", ")"),
        ("x = 'it is\ny = f(│", ")"),
        ("foo(a,\n    b=│", ")"),
        ("foo(\na,\nb│", ")"),
        ("x = [\n    a for a in b\n    if a\n    │", "]"),
        ("x = (a\n     or b\nand │", ")"),
        ("x = ['a'\n'b'│", "]"),
    ],
)
def test_open_bracket_does_not_swallow_statements(marked, closers):
    assert read(marked).closers == closers


@pytest.mark.parametrize(
    ("marked", "literal"),
    [
        ('and this ends.\n    """\n    x = f(1)\n    return x\n\ndef g():\n    """Go.│', DOCSTRING),
        ('and this ends."""\n    x = f(1)\n    return │', CODE),
        ('    x = f(1)\n    return x\n\ndef g():\n    """Go.\n\n    More of it│', DOCSTRING),
        ('  """\n    x = f(1)\n    return x\n\ndef g():\n    """Go."""\n    return │', CODE),
        ('# Words\n\n"""Do\n    x = f(1)\n    return x\n│', DOCSTRING),
        ('x = 1\ny = """a = 2\nb = 3\nc│', STRING),
        ('"""Do this.\n\n    x = f(1)\n    y = g(x)\n│', DOCSTRING),
    ],
)
def test_window_may_begin_inside_a_string(marked, literal):
    assert read(marked).literal is literal


@pytest.mark.parametrize(
    "marked",
    [
        "print(x)│",
        "    pass│\n",
        "x = f(a)│",
        "x = [a, b]│",
        "return [a]│",
        "raise E(a)│",
        "break│",
        '"""Do."""│',
        "f(\n    a\n)│  \nx",
    ],
)
def test_complete_statement(marked):
    assert read(marked).is_complete


@pytest.mark.parametrize(
    "marked",
    [
        *(
            "return x│",
            "x = y│",
            "foo│",
            "import os│",
            "if f(x)│",
            "def f()│",
            "class A(B)│",
            "@f(x)│",
            "for x in f()│",
        ),
        *(
            "print(x│)",
            "print(x)│.y",
            "f(a)│ + b",
            "x = (f(a)│",
            "return f(x)│",
            "d[a]│",
            '"a"│',
            "x = 'a'│",
            "# f(x)│",
            "│",
        ),
        *("with f(a)│", "x = f(a) if b else (c)│ ", "print(x) if y else│", "bypass│", "'''f(x)│"),
    ],
)
def test_complete_is_not_what_may_go_on(marked):
    assert not read(marked).is_complete
