"""The syntax guard of Python: what is shown leaves the statements around the cursor as whole as they were.

The cursor is `│`; what stands up to `║` is replaced.
"""

from pathlib import Path

import pytest

from sotto_lsp.syntax.python.python_syntax import PythonSyntax


def is_no_worse(marked, text):
    prefix, suffix = marked.split("│")
    replaced, mark, rest = suffix.partition("║")
    return PythonSyntax().is_no_worse(prefix, replaced + rest if mark else suffix, text, len(replaced) if mark else 0)


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("class L:\n    def is_closed(│)║", "self):"),
        ("class L:\n    def is_closed(│)", "self"),
        ("class L:\n    def is_closed(│)║\n        return 1\n", "self) -> bool:"),
        ("if f(│)║\n", "x):\n    pass"),
        ("x = f(│)", "a, b"),
        ("x = f(│", "a, b)"),
        ("x = f(│\n\n\ndef g():\n    pass\n", "a, b)"),
        ("x = f(│\ny = 1\n", "a, b)"),
        ("x = f(│\n    b,\n)\n", "a,"),
        ("x = f(\n    a,│\n)\n", "\n    b,"),
        ("x = [│]║", "1, 2]"),
        ('x = "│"║', 'a"'),
        ("x = {'a': │}", "1"),
        ('f"{x│}"', ".y"),
        ("x = f(a, │", "b"),
        ("def f():\n    retu│", "rn x"),
        ("def f():\n    return │", "[\n        1,\n    ]"),
    ],
)
def test_text_that_fits_the_brackets(marked, text):
    assert is_no_worse(marked, text)


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("class L:\n    def is_closed(│)", "self):"),
        ("if f(│)", "x):"),
        ("for x in f(│):\n    pass\n", "a):"),
        ("x = f(│, 2)", "a)"),
        ("x = f(│)", "a)"),
        ("x = f(│)", "a, (b"),
        ("x = [│]", "1, 2]"),
        ('x = "│"', 'a"'),
        ("f(a)│", ")"),
        ("x = f(\n    a,│\n)\n", "\n    b)"),
        ("x = f(│", "a, g(b"),
        ("x = f(│\n    b,\n)\n", "a)"),
        ("x = {'a': │}", "1}"),
        ('f"{x│}"', '}"'),
        ("future.│set_result(coro)", "set_exception(exc)"),
        ("def data_received(│self, data):\n    pass\n", "self):"),
        ("x = 1│", " +"),
        ("x = f(│)", "a b"),
    ],
)
def test_text_that_contradicts_the_brackets(marked, text):
    assert not is_no_worse(marked, text)


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("def f(x):\n    if x:│\n", "\n        return 1"),
        ("def f(x):\n    if x:│\n    return 2\n", "\n        return 1"),
        ("def f(x):\n\tif x:│\n\treturn 2\n", "\n\t\treturn 1"),
        ("def f(x):\n    if x:\n        a()│\n    return 2\n", "\n    else:\n        b()"),
        ("try:\n    a()\n│", "except E:\n    b()"),
        ("try:│", "\n    a()"),
        ("for x in y:\n    a()\n│\nb()\n", "else:\n    c()"),
        ("def f(x):\n    a()\n    │\n    return 2\n", "b()"),
        ("match x:\n    case 1:\n        a()│\n", "\n    case 2:\n        b()"),
        ("@wraps(f)│\n", "\ndef g():\n    pass"),
        ("class A:\n    def f(self):\n        a()│\n\n    def g(self):\n        pass\n", "\n        b()"),
        ("    if x:\n        a()│\n    else:\n        b()\n", "\n        c()"),
        ("        a()\n    el│\n", "se:\n        b()"),
        ("async def f():\n    │\n", "await g()"),
        ("for x in y:\n    │\n", "continue"),
    ],
)
def test_blocks_that_fit(marked, text):
    assert is_no_worse(marked, text)


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("def f(x):\n    a()│\n    return 2\n", "\n      b()"),
        ("def f(x):\n    a()│\n    return 2\n", "\n        b()"),
        ("def f(x):\n    if x:│\n    return 2\n", "\n    return 1"),
        ("def f(x):\n    if x:│\n    return 2\n", "\n        a()\n      b()"),
        ("def f(x):\n    a()│\n    return 2\n", "\nb()"),
        ("class A:\n    def f(self):\n        a()│\n        return 1\n", "\n    b = 1"),
        ("def f(x):\n    if x:\n        a()│\n    else:\n        b()\n", "\n    c()"),
        ("try:\n    a()│\nexcept E:\n    b()\n", "\nc()"),
        ("def f(x):\n    a()│\n    b()\n", "\n    else:\n        c()"),
        ("def f(x):\n    a()│\n    b()\n", "\n    except E:\n        c()"),
        ("def f(x):\n    a()│\n    b()\n", "\n    finally:\n        c()"),
        ("if x:\n    a()\nelse:\n    b()│\n", "\nelse:\n    c()"),
        ("x = 1│\n\ny = 2\n", "\nif x:"),
        ("x = 1│\n\ny = 2\n", "\ntry:\n    a()"),
        ("x = 1│\n\ny = 2\n", "\n@wraps"),
        ("match x:\n    case 1:\n        a()│\n", "\n    b()"),
        ("x = 1\n│\n", "return x"),
        ("class A:\n    │\n", "return x"),
        ("def f():\n    │\n", "break"),
        ("x = 1\n│\n", "yield x"),
        ("# Words│\n\nimport os\n", ".\n import re"),
        ("def f():\n    │\n", "await g()"),
    ],
)
def test_blocks_that_do_not_fit(marked, text):
    assert not is_no_worse(marked, text)


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ('def f():\n    """Return True│\n\n    More.\n    """\n    return 1\n', '."""'),
        ('def f():\n    """Return True│\n\n    More, and more.\n    """\n    return 1\n', '."""\n    x = 1'),
        ("def f():\n    │\n    return 1\n\n\ndef g():\n    '''Go.'''\n", "'''Do."),
        ('def f():\n    │\n    return 1\n\n\ndef g():\n    """Go."""\n', '"""Do.'),
        ('x = 1\n│\ny = "a"\n', 'z = "b'),
    ],
)
def test_quotes_that_swallow_or_spill(marked, text):
    assert not is_no_worse(marked, text)


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ('def area(w, h):\n    """│\n    return w * h\n', 'Multiply."""'),
        ('def area(w, h):\n    """│"""║\n    return w * h\n', 'Multiply."""'),
        ('def area(w, h):\n    """│"""\n    return w * h\n', "Multiply."),
        ('def area(w, h):\n    """Multiply│\n\n    More.\n    """\n', " them."),
        ('def area(w, h):\n    """│\n    return w * h\n\n\ndef g():\n    """Go."""\n', 'Multiply."""'),
        ('def area(w, h):\n    """│\n    return w * h\n', "Multiply."),
    ],
)
def test_docstring_that_is_closed_or_goes_on(marked, text):
    assert is_no_worse(marked, text)


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("def f(a│):\n    pass\n", ", a"),
        ("def f(a=1│):\n    pass\n", ", b"),
        ("f(a=1│)", ", b"),
        ("f(a=1│)", ", a=2"),
        ("f(**a│)", ", *b"),
        ("x│", " = 1 = y"),
        ("f(x)│", " = 1"),
        ("x = lambda a│: 1", ", a"),
    ],
)
def test_compiler_finds_more_than_the_parser(marked, text):
    assert not is_no_worse(marked, text)


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("x = = 1\n\n\ndef f():\n    a()│\n", "\n    return 1"),
        ("def f(:\n    pass\n\n\ndef g():\n    return h(│)\n", "1"),
        ("foo(a,\nx = g(│)\n", "1"),
        ("def f():\n    a()│\n    return 1\n\n\ndef g(\n\nx = = 1\n", "\n    b()"),
        ("                   c)\n        a()│\n        return 1\n", "\n        b()"),
        ("        a()│\n    b()\n", "\n        return c"),
    ],
)
def test_errors_elsewhere_do_not_matter(marked, text):
    assert is_no_worse(marked, text)


@pytest.mark.parametrize("head", ["", "class A:\n    x = 1\n\n"])
def test_function_may_be_larger_than_the_window(head):
    body = "".join(f"        x{number} = f({number})\n" for number in range(2_000))
    document = f"{head}    def f(self):\n{body}        │\n{body}"
    prefix, suffix = document.split("│")
    window = prefix[-8192:], suffix[:8192]
    assert PythonSyntax().is_no_worse(*window, "return (1)", 0)
    assert PythonSyntax().is_no_worse(*window, "if x1:\n            return 1", 0)
    assert not PythonSyntax().is_no_worse(*window, "return (1))", 0)
    assert not PythonSyntax().is_no_worse(*window, "return 1\n    y = 1", 0)


def test_own_source_is_accepted_line_by_line():
    source = Path(__file__).read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    for number in range(1, len(lines)):
        prefix, rest = "".join(lines[:number]), "".join(lines[number:])
        line = rest.split("\n", 1)[0]
        middle = len(line) // 2
        before = prefix + line[:middle], rest[len(line) :]
        assert PythonSyntax().is_no_worse(*before, line[middle:], 0), line
