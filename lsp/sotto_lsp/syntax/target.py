"""Target and Hole: where in a document an action works, and what the model is asked to fill there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

PYTHON = "python"
"""The language that Python's own parser checks; the others are tree-sitter's."""
PART = "part"
"""The name of a hole that covers whole lines, which an instruct model writes anew."""


class Addition(Enum):
    """What is added to a function that is right as it is."""

    HINTS = "type hints"
    DOCSTRING = "a docstring"


@dataclass(frozen=True)
class Hole:
    """The text `[start, end)` that an answer replaces, between `lead` and `tail`, which the model sees."""

    start: int
    end: int
    lead: str = ""
    tail: str = ""

    def moved(self, delta: int) -> "Hole":
        return replace(self, start=self.start + delta, end=self.end + delta)


@dataclass(frozen=True)
class Target:
    """One place for one action. All offsets count characters of one version of the document.

    first, last: the whole lines it lies in; a change to these while the model works makes the answer void.
    holes: by the names that the action's template uses.
    unwanted: a name that the answer must not contain, because the diagnostic says that there is none.
    is_syntax_error: the document does not parse because of these lines: the answer must keep their words.
    is_name: the answer is one name.
    addition: the answer may add this to a function, and change nothing.
    may_drop_names: signatures, and names that other code may use, need not be kept.
    words: what the template's conversation says of this place, by the names that it uses.
    language_id: whose parser checks the answer.
    num_dropped: characters in front of a hole that go with the answer: the comment that said what is to be done.
    """

    first: int
    last: int
    holes: dict[str, Hole]
    unwanted: str = ""
    is_syntax_error: bool = False
    is_name: bool = False
    addition: Addition | None = None
    may_drop_names: bool = False
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    language_id: str = PYTHON
    num_dropped: int = 0

    def moved(self, delta: int) -> "Target":
        """The same place after text before it has grown by `delta` characters."""
        holes = {name: hole.moved(delta) for name, hole in self.holes.items()}
        return replace(self, first=self.first + delta, last=self.last + delta, holes=holes)
