"""Definition: one action as a user has written it, and the action that it makes. Knows no file."""

from dataclasses import dataclass, replace

from sotto_lsp.actions.action import Action
from sotto_lsp.actions.checkers.known_checkers import CHECKER_NAMES
from sotto_lsp.actions.instruct.template import make_instruction
from sotto_lsp.actions.places.find_code import find_code
from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.languages.registry import is_among
from sotto_lsp.syntax.target import Target

KINDS = ("refactor.rewrite", "quickfix")
"""No `source`: editors run actions of those kinds unasked, when a file is saved."""
PARSES, KEEPS_NAMES = "parses", "keeps-names"
"""Every answer must pass the first, named or not."""
CHECKS = (PARSES, KEEPS_NAMES, *CHECKER_NAMES)
_NAME = "user:"


@dataclass(frozen=True)
class Definition:
    """title: one line, unlike any other's. languages: ids, as editors name them. check: of `CHECKS`."""

    title: str
    instruction: str
    kind: str = KINDS[0]
    languages: tuple[str, ...] = ("python",)
    check: tuple[str, ...] = (PARSES, KEEPS_NAMES)

    def action(self) -> Action:
        """A row of the catalogue for the selected lines, or the function whose signature the cursor is in."""

        def find(lines: Lines, place: Place) -> Target | None:
            if not is_among(lines.snapshot.language_id, self.languages):
                return None
            target = find_code(lines, place)
            return target and replace(target, may_drop_names=KEEPS_NAMES not in self.check)

        template = make_instruction(self.title, self.instruction, kind=self.kind)
        checkers = tuple(name for name in CHECKER_NAMES if name in self.check)
        return Action(_NAME + self.title, template, find, checkers=checkers)
