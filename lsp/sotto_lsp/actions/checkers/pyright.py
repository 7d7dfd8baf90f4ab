"""Pyright, which Pylance is made of: a copy of the text in a mirror of the workspace."""

import json
import re
from pathlib import Path
from typing import Any, cast

from sotto_lsp.actions.checkers.checker import Call, Checker
from sotto_lsp.actions.checkers.finding import Finding


def _arguments(call: Call) -> list[str]:
    python = ["--pythonpath", str(call.python)] if call.python else []
    return ["--outputjson", *python, str(call.file)]


def _read(output: str, file: Path) -> list[Finding]:
    del file  # it reports on the files it is given, and on no other
    reports = cast("list[dict[str, Any]]", json.loads(output)["generalDiagnostics"])
    return [
        Finding(
            each["range"]["start"]["line"] if "range" in each else 0,
            each.get("rule", ""),
            each["message"],
            is_error=each["severity"] == "error",
        )
        for each in reports
    ]


PYRIGHT = Checker(
    name="pyright",
    sources=frozenset({"pyright", "pylance"}),
    codes=re.compile(r"report[A-Z]\w+"),
    takes_stdin=False,
    arguments=_arguments,
    read=_read,
)
