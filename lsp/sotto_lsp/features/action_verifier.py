"""Which of the project's own checkers an action's answers are shown to, of those that the user allows."""

from collections.abc import Sequence

from sotto_lsp.actions.action import Action, Place
from sotto_lsp.checkers.finding import Diagnosed
from sotto_lsp.checkers.known_checkers import maker_of
from sotto_lsp.checkers.verifier import Verifier
from sotto_lsp.workspace_file import WorkspaceFile


def verifier_for(
    action: Action, place: Place, workspace_file: WorkspaceFile | None, allowed: Sequence[str]
) -> Verifier | None:
    """For a diagnostic, the checker that made it. None where there is none to ask."""
    if workspace_file is None or not action.for_diagnostic:
        return None
    diagnosed = Diagnosed(place.first_line, place.source, place.code, place.message)
    checker = maker_of(diagnosed)
    if checker is None or checker.name not in allowed:
        return None
    return Verifier((checker,), workspace_file.root, workspace_file.file, diagnosed)
