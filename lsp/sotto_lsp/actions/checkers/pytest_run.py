"""Tests that nobody has read yet, run by the project's pytest: in a mirror of the workspace, bounded."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sotto_lsp.actions.checkers.checker_process import CheckerError, run_program
from sotto_lsp.actions.checkers.installed_program import find_program
from sotto_lsp.actions.checkers.private_folder import private_folder
from sotto_lsp.actions.checkers.pytest_report import Outcomes, read_report
from sotto_lsp.actions.checkers.workspace_mirror import WorkspaceMirror

LIMIT_S = 20.0
"""For one answer's tests, with all that they import."""
_NOT_BEGUN = frozenset({3, 4, 126, 127})
"""How pytest exits without a report through no fault of the tests: its own, wrong options; it cannot be started."""
_MAX_NBYTES = 8 << 20


async def run_tests(
    root: Path, texts: Mapping[Path, str], tests: Path, names: Sequence[str], import_root: Path
) -> Outcomes:
    """Run functions and classes of the file `tests` by name, at least one, and nothing else of it.

    texts: what files of the workspace `root` say, `tests` among them, whatever is on the disk.
    import_root: the folder that the module under test is imported from.
    Cancelling ends everything that was started. Raises CheckerError where pytest is missing or could not be run.
    """
    program = await asyncio.to_thread(find_program, "pytest", root)
    if program is None:
        raise CheckerError("is neither in the workspace's .venv nor on the PATH")
    async with private_folder() as private:
        around = root if import_root.is_relative_to(root) else import_root
        folder, report = private / (around.name or "workspace"), private / "report.xml"
        mirror = await asyncio.to_thread(WorkspaceMirror.make, around, list(texts), folder)
        for file, text in texts.items():
            await asyncio.to_thread(mirror.write, file, text)
        (private / "tmp").mkdir()
        variables = {
            "PYTHONPATH": str(mirror.copy_of(import_root)),
            "PYTHONDONTWRITEBYTECODE": "1",
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(private / "tmp")),
        }
        command = [str(program), "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        command += [f"{mirror.copy_of(tests)}::{name}" for name in names]
        try:
            async with asyncio.timeout(LIMIT_S):
                ended = await run_program([*_limits(), *command], folder, variables=variables)
        except TimeoutError:
            return Outcomes((), dict.fromkeys(names, f"took longer than {LIMIT_S:g} s"))
        if report.is_file():
            return read_report(await asyncio.to_thread(_read, report), names)
        if ended.code in _NOT_BEGUN:
            raise ended.failure
        return Outcomes((), dict.fromkeys(names, f"ended pytest with exit code {ended.code}"))


def _limits() -> list[str]:
    """What goes before a command; Windows has no such limits."""
    return (
        [] if os.name == "nt" else [sys.executable, "-I", str(Path(__file__).with_name("limited_process.py"))]
    )


def _read(report: Path) -> str:
    with report.open("rb") as file:
        return file.read(_MAX_NBYTES).decode("utf-8", errors="replace")
