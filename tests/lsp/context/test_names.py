"""Lines and answers that would name somebody."""

import pytest

from sotto_lsp.completion.filters.file_name_leak import file_name_leak
from sotto_lsp.completion.filters.invented_name import invented_name
from sotto_lsp.completion.filters.surroundings import Surroundings
from sotto_lsp.context.names import names_nobody


@pytest.mark.parametrize(
    "line",
    [
        "# Author: ",
        "# Authors: ",
        "# @author ",
        "// Copyright ",
        "/* Copyright (c) ",
        " * Copyright (c) 2020 ",
        "# TODO(",
        "# TODO: ",
        "    x = 1  # FIXME: ",
        '"""Copyright (c) ',
        "# Licensed under ",
        "# SPDX-License-Identifier: ",
        "# Maintainer: ",
        "# E-mail: ",
        "# (c) ",
        '__author__ = "',
        "__email__ = '",
        '    author="',
        "maintainer_email = '",
        'license="',
        "# Written by ",
    ],
)
def test_line_that_names_somebody(line):
    assert names_nobody(line)


@pytest.mark.parametrize("line", ["Author: ", ":author: ", "    @author ", "License: ", "Copyright 2020 ", "TODO: "])
def test_line_of_a_docstring_that_names_somebody(line):
    assert names_nobody(line, is_text=True)


@pytest.mark.parametrize(
    "line",
    [
        "author = ",
        'author == "',
        'authority = "',
        "    email: ",
        "def todo(",
        "owner = self.owner",
        "# the author of a book is ",
        "# Returns the license ",
        "license(",
        "# todos = ",
        "x = 5 % contact",
    ],
)
def test_line_that_names_nobody(line):
    assert not names_nobody(line)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x = 1\n# Copyright 2012 Foo Inc.\ny = 2", "x = 1"),
        ("# Author: Jane Doe", ""),
        ("x = 1  # TODO(jdoe): mend", ""),
        ("send('jane@foo.org')", ""),
        ("send('me@known.org')", "send('me@known.org')"),
        ("x = 1\n# Author: Known Person", "x = 1\n# Author: Known Person"),
        ("# TODO(known): mend", "# TODO(known): mend"),
        ("author = find_author(book)", "author = find_author(book)"),
        ("x = a @ b", "x = a @ b"),
        ('name="tool",\n    author="Jane Doe",', 'name="tool",'),
        ('author="Known Person",', 'author="Known Person",'),
        ("author = input()", "author = input()"),
        ("x = 1\n# See https://github.com/jdoe/tool", "x = 1"),
    ],
)
def test_answer_names_nobody_that_the_document_does_not(text, shown):
    around = Surroundings("# Author: Known Person, me@known.org\n# TODO(known): x\n", "")
    assert invented_name(text, around) == shown


@pytest.mark.parametrize(
    ("name", "prefix", "text", "shown"),
    [
        ("leak20.py", "def get_", "leak20_0(x):", ""),
        ("leak20.py", "import leak20\n", "leak20.run()", "leak20.run()"),
        ("app.py", "", "app.run()", "app.run()"),
        ("leak20.py", "", "x = 1", "x = 1"),
    ],
)
def test_name_of_the_file_is_no_word_of_its_code(name, prefix, text, shown):
    assert file_name_leak(text, Surroundings(prefix, "", name=name)) == shown
