"""Mypy: a copy of the text in a mirror of the workspace, with a cache that is thrown away."""

import re
from pathlib import Path

from sotto_lsp.actions.checkers.checker import Call, Checker
from sotto_lsp.actions.checkers.finding import Finding

_REPORT = re.compile(
    r"(?P<path>.+?):(?P<line>\d+):(?:\d+:)? (?P<severity>error|warning|note): "
    r"(?P<message>.*?)(?:  \[(?P<code>[\w-]+)\])?"
)
_OPTIONS = (
    "--no-error-summary",
    "--no-pretty",
    "--no-color-output",
    "--hide-error-context",
    "--show-error-codes",
    "--show-column-numbers",
)


def _arguments(call: Call) -> list[str]:
    python = ["--python-executable", str(call.python)] if call.python else []
    return [*_OPTIONS, "--cache-dir", str(call.cache), *python, str(call.file)]


def _read(output: str, file: Path) -> list[Finding]:
    """What it says of other files, which it reads along, is left out."""
    matches = (_REPORT.fullmatch(line) for line in output.splitlines())
    return [
        Finding(int(each["line"]) - 1, each["code"] or "", each["message"])
        for each in matches
        if each and each["severity"] == "error" and Path(each["path"]).name == file.name
    ]


MYPY = Checker(
    name="mypy",
    sources=frozenset({"mypy"}),
    codes=re.compile(r"[a-z]+(-[a-z]+)+"),
    takes_stdin=False,
    arguments=_arguments,
    read=_read,
)
