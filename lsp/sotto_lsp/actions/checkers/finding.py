"""Finding and Diagnosed: what a checker says of a text, and what an editor showed of it."""

import re
from dataclasses import dataclass

_LINE_NUMBER = re.compile(r"\bline \d+")
_MAX_CHARS = 80


@dataclass(frozen=True)
class Finding:
    """One report of a checker. `line` counts from 0; `code` is the rule's name, empty where there is none."""

    line: int
    code: str
    message: str
    is_error: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """The same before and after a change that moves lines: without the line, here and in the message."""
        return self.code, _LINE_NUMBER.sub("line", " ".join(self.message.split()))

    @property
    def short(self) -> str:
        """One line of at most 80 characters."""
        said = " ".join(f"{self.code}: {self.message}".strip(": ").split())
        return said if len(said) <= _MAX_CHARS else said[: _MAX_CHARS - 1] + "…"


@dataclass(frozen=True)
class Diagnosed:
    """A diagnostic in the editor: its first line, from 0, the name of what reported it, its rule, its message."""

    line: int
    source: str
    code: str
    message: str

    def among(self, findings: list[Finding]) -> Finding | None:
        """The finding that is this diagnostic, by its line and its rule, or by its message."""
        here = [each for each in findings if each.line == self.line]
        key = Finding(self.line, self.code, self.message).key
        exact = [each for each in here if each.key[1] == key[1]]
        alike = [each for each in here if self.code and each.code == self.code]
        return next(iter([*exact, *alike]), None)
