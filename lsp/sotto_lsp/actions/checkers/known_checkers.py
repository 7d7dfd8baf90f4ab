"""The checkers that there are. A user allows them by these names."""

from sotto_lsp.actions.checkers.checker import Checker
from sotto_lsp.actions.checkers.finding import Diagnosed
from sotto_lsp.actions.checkers.mypy import MYPY
from sotto_lsp.actions.checkers.pyright import PYRIGHT
from sotto_lsp.actions.checkers.ruff import RUFF

CHECKERS = (RUFF, PYRIGHT, MYPY)
CHECKER_NAMES = tuple(checker.name for checker in CHECKERS)


def checkers_named(names: tuple[str, ...]) -> tuple[Checker, ...]:
    return tuple(checker for checker in CHECKERS if checker.name in names)


def maker_of(diagnosed: Diagnosed) -> Checker | None:
    """The checker that a diagnostic comes from; None for all others."""
    return next((checker for checker in CHECKERS if checker.made(diagnosed)), None)
