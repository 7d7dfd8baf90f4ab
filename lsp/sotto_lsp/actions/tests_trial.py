"""TestsTrial: an answer's tests run, where the user has asked for that; what is left, and what to say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sotto_lsp.actions.answered_tests import tests_in, without_tests
from sotto_lsp.actions.checkers.checker_process import CheckerError
from sotto_lsp.actions.checkers.pytest_run import run_tests
from sotto_lsp.actions.module_tests import ModuleTests
from sotto_lsp.documents.paths import WorkspaceFile

_MAX_TOLD = 2


@dataclass(frozen=True)
class Tried:
    """code: the answer with the tests that pass, or with all where none was run. sentence: what to say of them."""

    code: str
    num_passed: int
    num_failed: int
    sentence: str

    @property
    def has_tests(self) -> bool:
        """Whether anything is left that is worth to be written."""
        return self.num_passed > 0 or self.num_failed == 0


NOT_RUN = "the tests were not run"


def not_tried(code: str, why: str = "") -> Tried:
    return Tried(code, 0, 0, f"{NOT_RUN}: {why}" if why else NOT_RUN)


@dataclass(frozen=True)
class TestsTrial:
    """For the tests of one module; `source` lies in the workspace whose pytest is run."""

    source: WorkspaceFile
    tests: ModuleTests

    async def of(self, code: str, texts: Mapping[Path, str]) -> Tried:
        """Run the tests of an answer. `texts`: the module's and the test file's, this one with the answer's tests."""
        names = tests_in(code)
        if not names:  # pytest would run all that it finds
            return Tried(code, 0, 1, "pytest would find no test in it")
        tests = self.tests
        try:
            outcomes = await run_tests(self.source.root, texts, tests.file, names, tests.import_root)
        except CheckerError as error:
            return not_tried(code, f"pytest {error}")
        failed = outcomes.failed
        if not failed:
            said = f"{_counted(len(names))} written, {'it passes' if len(names) == 1 else 'all pass'}"
            return Tried(code, len(names), 0, said)
        num_passed = len(outcomes.passed)
        said = f"{num_passed} of {_counted(len(names))} pass and are written; left out: {_told(failed)}"
        if not num_passed:
            said = f"no test passes: {_told(failed)}"
        return Tried(without_tests(code, failed), num_passed, len(failed), said)


def best_of(tried: Sequence[Tried]) -> Tried | None:
    """The one with most tests that pass; None where there is nothing to write."""
    return max((each for each in tried if each.has_tests), key=lambda each: each.num_passed, default=None)


def _counted(number: int) -> str:
    return "1 test" if number == 1 else f"{number} tests"


def _told(failed: Mapping[str, str]) -> str:
    told = [f"{name} ({why})" for name, why in list(failed.items())[:_MAX_TOLD]]
    more = len(failed) - len(told)
    return ", ".join([*told, f"{more} more"] if more else told) + ": wrong, or a fault that they have found"
