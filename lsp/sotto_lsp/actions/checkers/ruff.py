"""Ruff's linter: the text through stdin, its configuration found from the file's own path."""

import json
import re
from pathlib import Path
from typing import Any, cast

from sotto_lsp.actions.checkers.checker import Call, Checker
from sotto_lsp.actions.checkers.finding import Finding


def _arguments(call: Call) -> list[str]:
    options = ["--no-cache", "--no-fix", "--quiet", "--output-format", "json"]
    return ["check", *options, "--stdin-filename", str(call.file), "-"]


def _read(output: str, file: Path) -> list[Finding]:
    del file
    reports = cast("list[dict[str, Any]]", json.loads(output or "[]"))
    return [Finding(each["location"]["row"] - 1, each["code"] or "", each["message"]) for each in reports]


RUFF = Checker(
    name="ruff",
    sources=frozenset({"ruff"}),
    codes=re.compile(r"[A-Z]{1,4}\d{3,4}"),
    takes_stdin=True,
    arguments=_arguments,
    read=_read,
)
