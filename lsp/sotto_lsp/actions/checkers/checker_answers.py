"""CheckerAnswers: what one checker says of texts of one file. It is asked once about each, and not once it failed."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sotto_lsp.actions.checkers.checker import Checker
from sotto_lsp.actions.checkers.checker_process import CheckerError
from sotto_lsp.actions.checkers.checker_run import CheckerRun, begun
from sotto_lsp.actions.checkers.finding import Finding

Findings = Callable[[str], Awaitable[list[Finding]]]
"""Of a text. Raises CheckerError."""


@dataclass
class CheckerAnswers:
    """For one action: the file's surroundings are taken to stay as they are."""

    checker: Checker
    root: Path
    file: Path
    failure: str = ""
    """Why it is not asked any more"""
    known: dict[str, list[Finding]] = field(default_factory=dict[str, list[Finding]])

    @asynccontextmanager
    async def asking(self) -> AsyncGenerator[Findings]:
        """The checker is looked for when it is first needed; what was made for it is gone at the end."""
        run: CheckerRun | None = None
        async with AsyncExitStack() as stack:

            async def findings(text: str) -> list[Finding]:
                nonlocal run
                if text not in self.known:
                    if self.failure:
                        raise CheckerError(self.failure)
                    run = run or await stack.enter_async_context(begun(self.checker, self.root, self.file))
                    self.known[text] = await run.findings(text)
                return self.known[text]

            yield findings
