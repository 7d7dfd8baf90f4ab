"""Checker: how one tool is called on one text and what it answers, as data. Runs nothing."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sotto_lsp.actions.checkers.finding import Diagnosed, Finding


@dataclass(frozen=True)
class Call:
    """file: the text's own path, or that of its copy. python: the workspace's interpreter, if it has one.

    cache: a private folder that the tool may fill.
    """

    file: Path
    python: Path | None
    cache: Path


@dataclass(frozen=True)
class Checker:
    """A row of the list of tools.

    name: of the program and in the settings.
    sources: what its diagnostics call themselves, in small letters.
    codes: the shape of its rules' names, for a diagnostic that does not say who made it.
    takes_stdin: it reads the text from stdin under the document's own name; else it needs a copy in its place.
    read: its output and the file's path -> findings. Raises ValueError, KeyError or TypeError for any other output.
    """

    name: str
    sources: frozenset[str]
    codes: re.Pattern[str]
    takes_stdin: bool
    arguments: Callable[[Call], list[str]]
    read: Callable[[str, Path], list[Finding]]

    def reports(self, diagnosed: Diagnosed) -> bool:
        """Whether a diagnostic is this tool's."""
        if diagnosed.source:
            return diagnosed.source.lower() in self.sources
        return bool(self.codes.fullmatch(diagnosed.code))
