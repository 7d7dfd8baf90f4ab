"""What pytest's JUnit report says of tests that were asked for by name."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

from sotto_lsp.actions.checkers.checker_process import CheckerError

_MAX_CHARS = 100


@dataclass(frozen=True)
class Outcomes:
    """passed: names. failed: why each of the others did not pass, in one line. Together all that were asked for."""

    passed: tuple[str, ...]
    failed: dict[str, str] = field(default_factory=dict[str, str])


def read_report(data: str, names: Sequence[str]) -> Outcomes:
    """`names`: of functions and classes of the test file. A class, or a test with parameters, passes as a whole.

    Raises CheckerError for what is no report.
    """
    try:
        cases = list(ElementTree.fromstring(data).iter("testcase"))
    except ElementTree.ParseError as error:
        raise CheckerError("wrote no report that is understood; is it another version?") from error
    failed: dict[str, str] = {}
    ran: set[str] = set()
    for case in cases:
        why = _why(case)
        for name in _asked(case, names):
            ran.add(name)
            if why is not None:
                failed.setdefault(name, why)
    failed |= {name: "was not found by pytest" for name in names if name not in ran}
    return Outcomes(tuple(name for name in names if name not in failed), failed)


def _asked(case: ElementTree.Element, names: Sequence[str]) -> Sequence[str]:
    """Which of the names a case belongs to; all of them where the file could not be collected."""
    if any(each.get("message") == "collection failure" for each in case):
        return names
    around = {*case.get("classname", "").split("."), case.get("name", "").split("[")[0]}
    return [name for name in names if name in around]


def _why(case: ElementTree.Element) -> str | None:
    """Why a case did not pass; None if it did."""
    for each in case:
        if each.tag == "skipped":
            return "is skipped"
        if each.tag in ("failure", "error"):
            said = each.get("message", "")
            if said == "collection failure":
                errors = [line[1:] for line in (each.text or "").splitlines() if line.startswith("E ")]
                said = errors[-1] if errors else "the file cannot be imported"
            lines = [line.strip() for line in said.splitlines() if line.strip()]
            line = lines[0] if lines else "fails"
            return line if len(line) <= _MAX_CHARS else line[: _MAX_CHARS - 1] + "…"
    return None
