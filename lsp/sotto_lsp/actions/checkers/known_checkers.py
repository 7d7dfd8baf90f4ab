"""The checkers that there are, a row each. A user allows them by their names (`settings.py`)."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from sotto_lsp.actions.checkers.checker import Call, Checker
from sotto_lsp.actions.checkers.finding import Diagnosed, Finding

LANGUAGE = "python"
"""The only one that they know."""
_RUFF_OPTIONS = ("--no-cache", "--no-fix", "--quiet", "--output-format", "json")
_MYPY_OPTIONS = (
    *("--no-error-summary", "--no-pretty", "--no-color-output", "--hide-error-context"),
    *("--show-error-codes", "--show-column-numbers"),
)
_MYPY_REPORT = re.compile(
    r"(?P<path>.+?):(?P<line>\d+):(?:\d+:)? (?P<severity>error|warning|note): "
    r"(?P<message>.*?)(?:  \[(?P<code>[\w-]+)\])?"
)


def _ruff_arguments(call: Call) -> list[str]:
    """Its configuration is found from the file's own path."""
    return ["check", *_RUFF_OPTIONS, "--stdin-filename", str(call.file), "-"]


def _read_ruff(output: str, _: Path) -> list[Finding]:
    reports = cast("list[dict[str, Any]]", json.loads(output or "[]"))
    return [Finding(each["location"]["row"] - 1, each["code"] or "", each["message"]) for each in reports]


def _pyright_arguments(call: Call) -> list[str]:
    python = ["--pythonpath", str(call.python)] if call.python else []
    return ["--outputjson", *python, str(call.file)]


def _read_pyright(output: str, _: Path) -> list[Finding]:
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


def _mypy_arguments(call: Call) -> list[str]:
    python = ["--python-executable", str(call.python)] if call.python else []
    return [*_MYPY_OPTIONS, "--cache-dir", str(call.cache), *python, str(call.file)]


def _read_mypy(output: str, file: Path) -> list[Finding]:
    """Without the reports on other files, which it reads along."""
    matches = (_MYPY_REPORT.fullmatch(line) for line in output.splitlines())
    return [
        Finding(int(each["line"]) - 1, each["code"] or "", each["message"])
        for each in matches
        if each and each["severity"] == "error" and Path(each["path"]).name == file.name
    ]


CHECKERS = (
    Checker(
        name="ruff",
        sources=frozenset({"ruff"}),
        codes=re.compile(r"[A-Z]{1,4}\d{3,4}"),
        takes_stdin=True,
        arguments=_ruff_arguments,
        read=_read_ruff,
    ),
    Checker(
        name="pyright",
        sources=frozenset({"pyright", "pylance"}),  # Pylance is made of it
        codes=re.compile(r"report[A-Z]\w+"),
        takes_stdin=False,
        arguments=_pyright_arguments,
        read=_read_pyright,
    ),
    Checker(
        name="mypy",
        sources=frozenset({"mypy"}),
        codes=re.compile(r"[a-z]+(-[a-z]+)+"),
        takes_stdin=False,
        arguments=_mypy_arguments,
        read=_read_mypy,
    ),
)
CHECKER_NAMES = tuple(checker.name for checker in CHECKERS)


def find_checkers(names: Iterable[str]) -> tuple[Checker, ...]:
    wanted = frozenset(names)
    return tuple(checker for checker in CHECKERS if checker.name in wanted)


def find_maker(diagnosed: Diagnosed) -> Checker | None:
    """The checker that a diagnostic comes from; None for all others."""
    return next((checker for checker in CHECKERS if checker.reports(diagnosed)), None)
