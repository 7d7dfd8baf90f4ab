"""CheckerRun: one checker on several texts of one file, one after the other."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from sotto_lsp.checkers.checker import Call, Checker
from sotto_lsp.checkers.checker_process import CheckerError, run_checker
from sotto_lsp.checkers.finding import Finding
from sotto_lsp.checkers.installed_program import find_program, find_python
from sotto_lsp.checkers.workspace_mirror import WorkspaceMirror


@dataclass(frozen=True)
class CheckerRun:
    """A checker that is installed, with a folder to work in; `mirror` only where the text cannot go through stdin."""

    checker: Checker
    program: Path
    folder: Path
    call: Call
    mirror: WorkspaceMirror | None

    async def findings(self, text: str) -> list[Finding]:
        """What the checker says of the file with this text. Raises CheckerError."""
        if self.mirror is not None:
            await asyncio.to_thread(self.mirror.write, text)
        command = [str(self.program), *self.checker.arguments(self.call)]
        given = None if self.mirror else text
        output = await run_checker(command, self.folder, given)
        try:
            return self.checker.read(output, self.call.file)
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
    private = await asyncio.to_thread(
        tempfile.TemporaryDirectory, prefix="sotto-", ignore_cleanup_errors=True
    )
    try:
        cache, folder, mirror = Path(private.name, "cache"), root, None
        if not checker.takes_stdin:
            folder = Path(private.name, root.name or "workspace")
            folder.mkdir()
            mirror = await asyncio.to_thread(_mirrored, root, file, folder)
        call = Call(mirror.copy if mirror else file, find_python(root), cache)
        yield CheckerRun(checker, program, folder, call, mirror)
    finally:
        await asyncio.shield(asyncio.to_thread(private.cleanup))


def _mirrored(root: Path, file: Path, at: Path) -> WorkspaceMirror:
    try:
        return WorkspaceMirror.make(root, file, at)
    except OSError as error:
        raise CheckerError(f"needs links to the workspace's files ({error.strerror or error})") from error
