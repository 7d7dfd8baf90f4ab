"""UserActionStore: the actions of the files that there are now, read again when a file has changed."""

import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sotto_lsp.actions.action import Action
from sotto_lsp.actions.user_actions.reading import MAX_NBYTES, read_definitions
from sotto_lsp.documents.paths import WorkspaceFile

IN_WORKSPACE = Path(".sotto") / "actions.toml"
_LOOK_AGAIN_S = 1.0
"""Menus are made at every move of the cursor; a file is looked at no more often."""
_MAX_SHOWN = 5

_State = tuple[int, int] | None
"""A file's time of change and its size; None where there is none."""


@dataclass
class _ReadFile:
    looked_at: float = -_LOOK_AGAIN_S
    state: _State = None
    actions: tuple[Action, ...] = ()
    problems: tuple[str, ...] = ()


class UserActionStore:
    """The user's own file, and one in each workspace. `report` gets a file's mistakes, once."""

    def __init__(self, report: Callable[[str], None], own: Path | None = None) -> None:
        """`own`: the user's file, in their configuration folder unless given."""
        self._report = report
        self._own = own or platformdirs.user_config_path("sotto", appauthor=False) / "actions.toml"
        self._files: dict[Path, _ReadFile] = {}

    def actions_for(self, file: WorkspaceFile | None) -> tuple[Action, ...]:
        """The user's own and those of the file's workspace; of two with one title the user's own."""
        own = self._actions_of(self._own)
        theirs = self._actions_of(file.root / IN_WORKSPACE) if file and file.in_workspace else ()
        names = {action.name for action in own}
        return (*own, *(action for action in theirs if action.name not in names))

    def _actions_of(self, path: Path) -> tuple[Action, ...]:
        known = self._files.setdefault(path, _ReadFile())
        if time.monotonic() - known.looked_at >= _LOOK_AGAIN_S:
            known.looked_at = time.monotonic()
            before = known.problems
            _look(path, known)
            if known.problems and known.problems != before:
                more = f" And {len(known.problems) - _MAX_SHOWN} more." if len(known.problems) > _MAX_SHOWN else ""
                self._report(" ".join(f"{path}: {each}" for each in known.problems[:_MAX_SHOWN]) + more)
        return known.actions


def _look(path: Path, known: _ReadFile) -> None:
    """Read the file again if it is another one than before."""
    try:
        state = _state(path)
        if state == known.state:
            return
        known.state, known.actions, known.problems = state, (), ()
        if state is not None:
            definitions, problems = read_definitions(_content(path, state))
            known.actions, known.problems = tuple(each.action() for each in definitions), tuple(problems)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        known.actions, known.problems = (), (f"it cannot be read ({reason or error}).",)


def _state(path: Path) -> _State:
    """Raises OSError, or ValueError for what is there and is no file: reading from a device might never end."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("it is no file")
    return found.st_mtime_ns, found.st_size


def _content(path: Path, state: tuple[int, int]) -> bytes:
    if state[1] > MAX_NBYTES:
        raise ValueError(f"it is larger than {MAX_NBYTES >> 10} KiB")
    with path.open("rb") as file:
        return file.read(MAX_NBYTES)
