"""Verifier: which of several texts the project's own checkers accept. Says so where they could not be asked."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sotto_lsp.actions.checkers.checker import Checker
from sotto_lsp.actions.checkers.checker_answers import CheckerAnswers
from sotto_lsp.actions.checkers.checker_process import CheckerError
from sotto_lsp.actions.checkers.finding import Diagnosed
from sotto_lsp.actions.checkers.judgement import Judgement

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


@dataclass
class Verifier:
    """For one action on one file of the workspace `root`.

    diagnosed: what the change is to put right, if there is such a thing. not_asked: said to be unchecked, with the
    reason.
    """

    checkers: tuple[Checker, ...]
    root: Path
    file: Path
    diagnosed: Diagnosed | None = None
    not_asked: tuple[str, ...] = ()
    limit_s: float = LIMIT_S

    def __post_init__(self) -> None:
        self._answers = [CheckerAnswers(each, self.root, self.file) for each in self.checkers]

    async def verdicts(self, before: str, after: Sequence[str], num_wanted: int, goes_on: GoesOn) -> Verdicts:
        """The first `num_wanted` texts that every checker accepts; a checker that cannot be asked refuses none."""
        verdicts = Verdicts(list(range(len(after))), unchecked=list(self.not_asked))
        for answers in self._answers:
            wanted = num_wanted if answers is self._answers[-1] else len(after)
            await self._judge(answers, before, after, verdicts, wanted, goes_on)
        return verdicts

    async def _judge(
        self,
        answers: CheckerAnswers,
        before: str,
        after: Sequence[str],
        verdicts: Verdicts,
        num_wanted: int,
        goes_on: GoesOn,
    ) -> None:
        """One checker's part of the verdicts."""
        name = answers.checker.name
        accepted: list[int] = []
        unjudged, judgement = verdicts.accepted, None
        try:
            async with asyncio.timeout(self.limit_s), answers.asking() as findings:
                goes_on(f"asking {name}")
                judgement = Judgement.of(name, await findings(before), self.diagnosed)
                while (
                    unjudged and len(accepted) < num_wanted and goes_on(f"{name}, answer {unjudged[0] + 1}")
                ):
                    refusal = judgement.refusal(await findings(after[unjudged[0]]))
                    number, unjudged = unjudged[0], unjudged[1:]
                    if refusal is None:
                        accepted.append(number)
                    else:
                        verdicts.refusals.append(refusal)
        except (CheckerError, TimeoutError) as error:
            answers.failure = str(error) or f"gave no answer in {self.limit_s:g} s"
        if judgement is None or (answers.failure and not accepted):
            verdicts.unchecked.append(f"{name} {answers.failure}")
            verdicts.accepted = unjudged
            return
        verdicts.accepted = accepted
        verdicts.passed.append(judgement.passed)
        if self.diagnosed is not None and judgement.meant is None:
            verdicts.unchecked.append(f"{name} by itself does not report this diagnostic")
