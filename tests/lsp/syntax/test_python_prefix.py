"""The lines above the cursor are read once for many keys; what is known at each key is as if all were read."""

import inspect
import textwrap

import pytest

from sotto_lsp.syntax.python.half_written.logical_lines import read_logical_lines
from sotto_lsp.syntax.python.half_written.prefix import read_prefix

WRITTEN = (
    inspect.getsource(textwrap),
    'import os\n\nx = (1,\n     2)\ntext = """one\n  (two\n"""\n# a remark\nif x:\n    y = [\n        f"{x:>{3}}",\n',
    'end of a docstring.\n    """\n    if x:\n        return {\n            "a": (1\n    def f(x):\n        pass\n',
)


@pytest.mark.parametrize("text", WRITTEN, ids=["module", "strings", "in a docstring"])
def test_prefix_is_read_as_if_nothing_was_known_of_the_lines_above(text):
    text = text[-3000:]
    for end in range(len(text)):
        prefix = read_prefix(text[:end])
        begin = prefix.lines[0].start if len(text) > 2000 else 0
        whole = tuple(read_logical_lines(text[:end], prefix.opened, begin))
        assert prefix.lines == whole
