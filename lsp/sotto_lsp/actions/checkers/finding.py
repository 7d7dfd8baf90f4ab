"""What a checker reports of a text, what an editor showed of it, and whether a change makes it better or worse."""

import re
from collections import Counter
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
        text = " ".join(f"{self.code}: {self.message}".strip(": ").split())
        return text if len(text) <= _MAX_CHARS else text[: _MAX_CHARS - 1] + "…"


@dataclass(frozen=True)
class Diagnosed:
    """A diagnostic in the editor: its first line, from 0, the name of what reported it, its rule, its message."""

    line: int
    source: str
    code: str
    message: str

    def find_in(self, findings: list[Finding]) -> Finding | None:
        """The finding that is this diagnostic, by its line and its rule, or by its message."""
        here = [each for each in findings if each.line == self.line]
        key = Finding(self.line, self.code, self.message).key
        exact = [each for each in here if each.key[1] == key[1]]
        alike = [each for each in here if self.code and each.code == self.code]
        return next(iter([*exact, *alike]), None)


@dataclass(frozen=True)
class Judgement:
    """name: the checker's. before: its findings before the change. target: the one that the change must put right."""

    name: str
    before: Counter[tuple[str, str]]
    target: Finding | None

    @classmethod
    def of(cls, name: str, findings: list[Finding], diagnosed: Diagnosed | None) -> "Judgement":
        return cls(name, Counter(each.key for each in findings), diagnosed and diagnosed.find_in(findings))

    def refuse(self, after: list[Finding]) -> str | None:
        """Why a text with these findings is not good enough; None if it is."""
        counted = Counter(each.key for each in after)
        target = self.target
        if target is not None and counted[target.key] >= self.before[target.key]:
            return f"{self.name} still reports {target.short}"
        for each in after:
            matters = each.is_error or (target is not None and each.code == target.code)
            if matters and counted[each.key] > self.before[each.key]:
                return f"{self.name} reports {each.short}"
        return None

    @property
    def passed(self) -> str:
        """What is true of every text without a refusal."""
        if self.target is None:
            return f"{self.name} reports no new error"
        return f"{self.name} no longer reports {self.target.code or 'the diagnostic'} and no new error"
