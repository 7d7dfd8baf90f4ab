"""Verifier: which of several texts the project's own checkers accept, and which checkers could not be run."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sotto_lsp.actions.checkers.checker import Checker
from sotto_lsp.actions.checkers.finding import Diagnosed, Judgement
from sotto_lsp.actions.checkers.process import CheckerError
from sotto_lsp.actions.checkers.run import CheckerRun

LIMIT_S = 20.0
"""For one checker and all texts of an action together."""

GoesOn = Callable[[str], bool]
"""Called with what is done next; False ends the checking."""


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

    diagnosed: what the change is to put right, if there is such a thing. not_asked: checkers that are not run, each
    with the reason.
    """

    checkers: tuple[Checker, ...]
    root: Path
    file: Path
    diagnosed: Diagnosed | None = None
    not_asked: tuple[str, ...] = ()
    limit_s: float = LIMIT_S

    def __post_init__(self) -> None:
        self._runs = [CheckerRun(each, self.root, self.file) for each in self.checkers]

    async def judge(self, before: str, after: Sequence[str], num_wanted: int, goes_on: GoesOn) -> Verdicts:
        """The first `num_wanted` texts that every checker accepts; a checker that cannot be run refuses none."""
        verdicts = Verdicts(list(range(len(after))), unchecked=list(self.not_asked))
        for run in self._runs:
            wanted = num_wanted if run is self._runs[-1] else len(after)
            await self._judge_by(run, before, after, verdicts, wanted, goes_on)
        return verdicts

    async def _judge_by(
        self,
        run: CheckerRun,
        before: str,
        after: Sequence[str],
        verdicts: Verdicts,
        num_wanted: int,
        goes_on: GoesOn,
    ) -> None:
        """One checker's part of the verdicts."""
        name = run.checker.name
        accepted: list[int] = []
        todo, judgement = verdicts.accepted, None
        try:
            async with asyncio.timeout(self.limit_s), run.begin() as check:
                goes_on(f"asking {name}")
                judgement = Judgement.of(name, await check(before), self.diagnosed)
                while todo and len(accepted) < num_wanted and goes_on(f"{name}, answer {todo[0] + 1}"):
                    refusal = judgement.refuse(await check(after[todo[0]]))
                    number, todo = todo[0], todo[1:]
                    if refusal is None:
                        accepted.append(number)
                    else:
                        verdicts.refusals.append(refusal)
        except (CheckerError, TimeoutError) as error:
            run.failure = str(error) or f"gave no answer in {self.limit_s:g} s"
        if judgement is None or (run.failure and not accepted):
            verdicts.unchecked.append(f"{name} {run.failure}")
            verdicts.accepted = todo
            return
        verdicts.accepted = accepted
        verdicts.passed.append(judgement.passed)
        if self.diagnosed is not None and judgement.target is None:
            verdicts.unchecked.append(f"{name} by itself does not report this diagnostic")
