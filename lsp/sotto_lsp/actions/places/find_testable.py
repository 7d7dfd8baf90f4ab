"""A function that tests can import: of a module on the disk that is no test file itself."""

import re
from dataclasses import replace
from pathlib import Path

from pygls.uris import to_fs_path

from sotto_lsp.actions.places.find_code import find_function
from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.python.module_tests import is_test_file
from sotto_lsp.syntax.python.signatures import signature_at
from sotto_lsp.syntax.target import Target

_NAME = re.compile(r"(?:async[ \t]+)?def[ \t]+(\w+)")


def find_testable(lines: Lines, place: Place) -> Target | None:
    """Not a method or an inner function, whose tests need more than an import; `words` has its `name`."""
    path = to_fs_path(lines.snapshot.uri)
    if path is None or not Path(path).name.endswith(".py") or is_test_file(Path(path)):
        return None
    bounds = signature_at(lines, place.first_line)
    if bounds is None or lines.indent(bounds[0]):
        return None
    target = find_function(lines, place)
    name = _NAME.match(lines.snapshot.text, target.first) if target else None
    return replace(target, words={"name": name[1]}) if target and name else None
