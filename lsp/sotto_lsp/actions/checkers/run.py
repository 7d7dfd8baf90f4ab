"""CheckerRun: one checker on texts of one file. It checks each text once, and none any more once it has failed."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from sotto_lsp.actions.checkers.checker import Call, Checker
from sotto_lsp.actions.checkers.finding import Finding
from sotto_lsp.actions.checkers.mirror import mirror_workspace
from sotto_lsp.actions.checkers.process import CheckerError, find_program, find_python, run_program

_WORK_DONE = frozenset({0, 1})
"""How a linter or a type checker exits: it found nothing, or something."""

CheckText = Callable[[str], Awaitable[list[Finding]]]
"""The findings in a text. Raises CheckerError."""


@dataclass(frozen=True)
class _Begun:
    """A checker that is installed. copy: the file that is to have the text; None where the text goes to stdin."""

    program: Path
    folder: Path
    call: Call
    copy: Path | None


@dataclass
class CheckerRun:
    """For one action: the surroundings of the file, in the workspace `root`, are taken to stay as they are."""

    checker: Checker
    root: Path
    file: Path
    failure: str = ""
    """Why it is not run any more"""
    _known: dict[str, list[Finding]] = field(default_factory=dict[str, list[Finding]])

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncGenerator[CheckText]:
        """The checker is looked for when it is first needed; the files that were made for it are gone at the end."""
        begun: _Begun | None = None
        async with contextlib.AsyncExitStack() as stack:

            async def check(text: str) -> list[Finding]:
                nonlocal begun
                if text not in self._known:
                    if self.failure:
                        raise CheckerError(self.failure)
                    begun = begun or await self._prepare(stack)
                    self._known[text] = await self._check(begun, text)
                return self._known[text]

            yield check

    async def _prepare(self, stack: contextlib.AsyncExitStack) -> _Begun:
        """Raises CheckerError where the program is missing or the workspace cannot be mirrored."""
        program = await asyncio.to_thread(find_program, self.checker.name, self.root)
        if program is None:
            raise CheckerError("is neither in the workspace's .venv nor on the PATH")
        private = await stack.enter_async_context(_private_folder())
        folder, copy = self.root, None
        if not self.checker.takes_stdin:
            folder = private / (self.root.name or "workspace")
            copy = await asyncio.to_thread(mirror_workspace, self.root, self.file, folder)
        return _Begun(program, folder, Call(copy or self.file, find_python(self.root), private / "cache"), copy)

    async def _check(self, begun: _Begun, text: str) -> list[Finding]:
        if begun.copy is not None:
            data = text.encode("utf-8", errors="replace")
            await asyncio.to_thread(begun.copy.write_bytes, data)
        command = [str(begun.program), *self.checker.arguments(begun.call)]
        ended = await run_program(command, begun.folder, None if begun.copy else text)
        if ended.code not in _WORK_DONE:
            raise ended.failure
        try:
            return self.checker.read(ended.output, begun.call.file)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckerError("gave an answer that is not understood; is it another version?") from error


@contextlib.asynccontextmanager
async def _private_folder() -> AsyncGenerator[Path]:
    """For this user alone; made and removed on another thread."""
    private = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="sotto-", ignore_cleanup_errors=True)
    try:
        yield Path(private.name)
    finally:
        await asyncio.shield(asyncio.to_thread(private.cleanup))
