"""What users of other products reported, tried on the real server and the embedded model. `│` is the cursor."""

import ast
import random
import string

import pytest

from e2e.raw_client import EVERYTHING

URI = "file:///project/app.py"


@pytest.fixture(scope="module")
def editors(start_server_of_module):
    """By the name that the client gives itself."""
    started = {}

    def editor_of(name=""):
        if name not in started:
            started[name] = start_server_of_module()
            info = {"clientInfo": {"name": name}} if name else {}
            started[name].initialize(initializationOptions=EVERYTHING | {"lookAhead": "off"}, **info)
        return started[name]

    return editor_of


class Asked:
    """A document with a cursor, what is shown there, and the document once it is accepted."""

    def __init__(self, editor, drawn, *, kind=1, uri=URI, language_id="python"):
        before, after = drawn.split("│")
        editor.open_text(before + after, uri, language_id)
        items = editor.inline(len(before), kind=kind)
        self.shown = items[0]["insertText"] if items else ""
        end = editor.offset(items[0]["range"]["end"]) if items else len(before)
        self.after = before + self.shown + (before + after)[end:]
        self.reasons = [each["code"] for each in editor.explain_last()[0]["reasons"]]


CLASS = "class Loop:\n    def __init__(self):\n        self.closed = False\n\n"


@pytest.mark.parametrize(
    "drawn",
    [
        CLASS + "    def is_closed(│)\n        return self.closed\n",
        CLASS + "    def close(│)\n        self.closed = True\n",
        "import os\n\nfor name in os.listdir(│)\n    print(name)\n",
    ],
)
@pytest.mark.parametrize("kind", [1, 2])
def test_closer_that_the_editor_has_typed_is_not_doubled(editors, drawn, kind):
    plain, replacing = (Asked(editors(name), drawn, kind=kind) for name in ("", "Visual Studio Code"))
    (number,) = (number for number, line in enumerate(drawn.split("\n")) if "│" in line)
    line = plain.after.split("\n")[number]
    assert line.count("(") == line.count(")")
    if replacing.shown.endswith(":"):
        ast.parse(replacing.after)


@pytest.mark.parametrize(
    "drawn",
    [
        "def f(a, b):\n    return a\n\n\nx = f(│, 2)\n",
        "import asyncio\n\nfuture = asyncio.Future()\nfuture.│set_result(coro)\n",
        "class Protocol:\n    def data_received(│self, data):\n        self.data = data\n",
        "total = sum(│values) + 1\n",
    ],
)
def test_finished_line_is_left_alone_unasked(editors, drawn):
    asked = Asked(editors(), drawn, kind=2)
    assert (asked.shown, asked.reasons) == ("", ["words-ahead"])


@pytest.mark.parametrize("kind", [1, 2])
@pytest.mark.parametrize(
    "drawn",
    [
        'def done(self):\n    """Return True if the future is done.│\n\n    More.\n    """\n    return x\n',
        'def area(w, h):\n    """│\n    return w * h\n',
        "import os\nprint(os.getcwd())│\n",
    ],
)
def test_text_around_stays_whole(editors, drawn, kind):
    asked = Asked(editors(), drawn, kind=kind)
    try:
        ast.parse(drawn.replace("│", ""))
    except SyntaxError:
        if asked.shown:
            ast.parse(asked.after)
    else:
        ast.parse(asked.after)
    assert asked.shown or asked.reasons


@pytest.mark.parametrize(
    "drawn",
    [
        "def f(x):\n    return x\n    │\n",
        "def f(x):\n    raise ValueError(x)\n    │\n",
        "for x in range(3):\n    continue\n    │\n",
    ],
)
def test_repeated_or_unreachable_line_is_not_shown(editors, drawn):
    assert Asked(editors(), drawn).shown == ""


def test_loop_of_symbols_is_not_shown(editors):
    shown = Asked(editors(), 'colors = ["│\n').shown
    assert shown.count('"@"') < 2 and shown.count('", "') < 6


@pytest.mark.parametrize("stem", ["leak20", "zebra_quux", "handler77"])
def test_file_name_does_not_leak_into_code(editors, stem):
    assert stem not in Asked(editors(), "def get_│\n", uri=f"file:///project/{stem}.py").shown


@pytest.mark.parametrize("kind", [1, 2])
@pytest.mark.parametrize(
    "drawn",
    [
        "# Author: │",
        "# Copyright │",
        "# TODO(│",
        "# FIXME: │",
        '"""Copyright (c) │',
        "# Licensed under │",
        '__author__ = "│',
        "# SPDX-License-Identifier: │",
        "# Maintainer: │",
    ],
)
def test_nobody_is_named(editors, drawn, kind):
    asked = Asked(editors(), drawn, kind=kind)
    assert (asked.shown, asked.reasons) == ("", ["names-people"])


@pytest.mark.parametrize("kind", [1, 2])
@pytest.mark.parametrize(
    ("language_id", "text"),
    [
        ("javascript", "function add(a, b) {\n  return │"),
        ("yaml", "name: │"),
        ("markdown", "# Title\n\nThis is │"),
        ("csv", "a,b,c\n1,│"),
        ("git-commit", "Fix │"),
    ],
)
def test_unknown_language_is_left_alone(editors, language_id, text, kind):
    asked = Asked(editors(), text, kind=kind, uri=f"file:///project/a.{language_id}", language_id=language_id)
    assert (asked.shown, asked.reasons) == ("", ["language-unknown"])


def test_suggestion_that_was_deleted_is_not_shown_again(editors):
    editor = editors()
    editor.open_text("import os\n\n\ndef read(path):\n    with open(", URI)
    end = len(editor.text)
    shown = editor.inline(end, kind=1)[0]["insertText"]
    editor.type(shown, end)
    editor.delete(end, end + len(shown))
    again = editor.inline(end, kind=1)
    assert [each["insertText"] for each in again] == []
    assert editor.explain_last()[0]["reasons"][-1]["code"] == "taken-back"


@pytest.mark.parametrize("unit", ["\t", "  ", "    "])
@pytest.mark.parametrize(
    "drawn",
    [
        "class Point:\n{u}def __init__(self, x):\n{u}{u}self.x = x\n\n{u}def __repr__(self):│\n",
        "def total(items):\n{u}result = 0\n{u}for n in items:│\n{u}return result\n",
        "def total(items):\n{u}for n in items:\n{u}{u}if n:│\n{u}return items\n",
        "def read(p):\n{u}with open(p) as f:\n{u}│\n",
    ],
)
def test_new_line_stands_one_step_in(editors, unit, drawn):
    drawn = drawn.replace("{u}", unit)
    asked = Asked(editors(), drawn)
    assert asked.shown
    before = drawn.split("│")[0]
    opener = next(line for line in reversed(before.split("\n")) if line.strip())
    wanted = opener[: len(opener) - len(opener.lstrip())] + unit
    number = before.count("\n") + asked.shown.startswith("\n")
    line = asked.after.split("\n")[number]
    assert line[: len(line) - len(line.lstrip())] == wanted


def random_text(num, seed):
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=num))


@pytest.mark.parametrize("begin", ["sk-proj-", "ghp_", "AKIA", "xoxb-", "glpat-", ""])
@pytest.mark.parametrize("num_typed", [0, 6])
def test_key_of_the_document_never_comes_out(editors, begin, num_typed):
    key = begin + random_text(32, len(begin))
    typed = key[: len(begin) + num_typed]
    drawn = f'API_KEY = "{key}"\n\nheaders = {{"Authorization": "Bearer {typed}│"}}\n'
    for kind in (1, 2):
        shown = Asked(editors(), drawn, kind=kind).shown
        assert not any(key[at : at + 8] in typed + shown and key[at : at + 8] not in typed for at in range(len(key)))


@pytest.mark.parametrize("kind", [1, 2])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".env", "secret-file"),
        ("server.pem", "secret-file"),
        ("gone/app.py", "ignored-by-gitignore"),
        ("private.py", "ignored-by-aiignore"),
        ("poetry.lock", "lock-file"),
    ],
)
def test_file_that_is_left_alone(editors, tmp_path, name, reason, kind):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("gone/\n")
    (tmp_path / ".aiignore").write_text("private.py\n")
    asked = Asked(editors(), "def mean(values):\n    return sum(│", kind=kind, uri=(tmp_path / name).as_uri())
    assert (asked.shown, asked.reasons) == ("", [reason])
