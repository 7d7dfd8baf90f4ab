"""Judgement: what a checker says after a change, held against what it said before."""

from collections import Counter
from dataclasses import dataclass

from sotto_lsp.actions.checkers.finding import Diagnosed, Finding


@dataclass(frozen=True)
class Judgement:
    """name: the checker's. before: its findings before the change. meant: the one that the change must put right."""

    name: str
    before: Counter[tuple[str, str]]
    meant: Finding | None

    @classmethod
    def of(cls, name: str, findings: list[Finding], diagnosed: Diagnosed | None) -> "Judgement":
        return cls(name, Counter(each.key for each in findings), diagnosed and diagnosed.among(findings))

    def refusal(self, after: list[Finding]) -> str | None:
        """Why a text with these findings is not good enough; None if it is."""
        counted = Counter(each.key for each in after)
        meant = self.meant
        if meant is not None and counted[meant.key] >= self.before[meant.key]:
            return f"{self.name} still reports {meant.short}"
        for each in after:
            matters = each.is_error or (meant is not None and each.code == meant.code)
            if matters and counted[each.key] > self.before[each.key]:
                return f"{self.name} reports {each.short}"
        return None

    @property
    def passed(self) -> str:
        """What is true of every text without a refusal."""
        if self.meant is None:
            return f"{self.name} reports no new error"
        return f"{self.name} no longer reports {self.meant.code or 'the diagnostic'} and no new error"
