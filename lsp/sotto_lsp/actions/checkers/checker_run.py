"""CheckerRun: one checker on several texts of one file, one after the other."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from sotto_lsp.actions.checkers.checker import Call, Checker
from sotto_lsp.actions.checkers.checker_process import CheckerError, run_program
from sotto_lsp.actions.checkers.finding import Finding
from sotto_lsp.actions.checkers.installed_program import find_program, find_python
from sotto_lsp.actions.checkers.private_folder import private_folder
from sotto_lsp.actions.checkers.workspace_mirror import WorkspaceMirror

_WORK_DONE = frozenset({0, 1})
"""How a linter or a type checker exits: it found nothing, or something."""


@dataclass(frozen=True)
class CheckerRun:
    """A checker that is installed, with a folder to work in; `mirror` only where the text cannot go through stdin."""

    checker: Checker
    program: Path
    folder: Path
    file: Path
    call: Call
    mirror: WorkspaceMirror | None

    async def findings(self, text: str) -> list[Finding]:
        """What the checker says of the file with this text. Raises CheckerError."""
        if self.mirror is not None:
            await asyncio.to_thread(self.mirror.write, self.file, text)
        command = [str(self.program), *self.checker.arguments(self.call)]
        given = None if self.mirror else text
        ended = await run_program(command, self.folder, given)
        if ended.code not in _WORK_DONE:
            raise ended.failure
        try:
            return self.checker.read(ended.output, self.call.file)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckerError("gave an answer that is not understood; is it another version?") from error


@contextlib.asynccontextmanager
async def begun(checker: Checker, root: Path, file: Path) -> AsyncGenerator[CheckerRun]:
    """A run that is ready, for a file in the workspace `root`; what it has written is gone at the end.

    Raises CheckerError where the program is missing or the workspace cannot be mirrored.
    """
    program = await asyncio.to_thread(find_program, checker.name, root)
    if program is None:
        raise CheckerError("is neither in the workspace's .venv nor on the PATH")
    async with private_folder() as private:
        folder, mirror = root, None
        if not checker.takes_stdin:
            folder = private / (root.name or "workspace")
            mirror = await asyncio.to_thread(WorkspaceMirror.make, root, [file], folder)
        call = Call(mirror.copy_of(file) if mirror else file, find_python(root), private / "cache")
        yield CheckerRun(checker, program, folder, file, call, mirror)
