"""Verifier: which of several texts the project's own checkers accept. Says so where they could not be asked."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sotto_lsp.checkers.checker import Checker
from sotto_lsp.checkers.checker_process import CheckerError
from sotto_lsp.checkers.checker_run import begun
from sotto_lsp.checkers.finding import Diagnosed
from sotto_lsp.checkers.judgement import Judgement

LIMIT_S = 20.0
"""For one checker and all texts of an action together."""

GoesOn = Callable[[str], bool]
"""Told what is done next; False ends the asking."""


@dataclass
class Verdicts:
    """accepted: numbers of texts, in order. passed, unchecked: in words, for the message to the user."""

    accepted: list[int]
    refusals: list[str] = field(default_factory=list[str])
    passed: list[str] = field(default_factory=list[str])
    unchecked: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Verifier:
    """For one file of the workspace `root`. diagnosed: what the change is to put right, if there is such a thing."""

    checkers: tuple[Checker, ...]
    root: Path
    file: Path
    diagnosed: Diagnosed | None = None
    not_asked: tuple[str, ...] = ()
    """Said to be unchecked, with the reason"""
    limit_s: float = LIMIT_S

    async def verdicts(self, before: str, after: Sequence[str], num_wanted: int, goes_on: GoesOn) -> Verdicts:
        """The first `num_wanted` texts that every checker accepts; a checker that cannot be asked refuses none."""
        verdicts = Verdicts(list(range(len(after))), unchecked=list(self.not_asked))
        for checker in self.checkers:
            wanted = num_wanted if checker is self.checkers[-1] else len(after)
            accepted: list[int] = []
            unjudged, judgement = verdicts.accepted, None
            try:
                async with asyncio.timeout(self.limit_s), begun(checker, self.root, self.file) as run:
                    goes_on(f"asking {checker.name}")
                    judgement = Judgement.of(checker.name, await run.findings(before), self.diagnosed)
                    while unjudged and len(accepted) < wanted:
                        if not goes_on(f"{checker.name}, answer {unjudged[0] + 1}"):
                            break
                        refusal = judgement.refusal(await run.findings(after[unjudged[0]]))
                        number, unjudged = unjudged[0], unjudged[1:]
                        if refusal is None:
                            accepted.append(number)
                        else:
                            verdicts.refusals.append(refusal)
            except (CheckerError, TimeoutError) as error:
                if not accepted:
                    why = str(error) or f"gave no answer in {self.limit_s:g} s"
                    verdicts.unchecked.append(f"{checker.name} {why}")
                    verdicts.accepted = unjudged
                    continue
            verdicts.accepted = accepted
            if judgement is not None:
                verdicts.passed.append(judgement.passed)
                if self.diagnosed is not None and judgement.meant is None:
                    verdicts.unchecked.append(f"{checker.name} by itself does not report this diagnostic")
        return verdicts
