"""Target and Hole: where in a document an action works, and what the model is asked to fill there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from sotto_lsp.documents.lines import Lines

PART = "part"
"""The name of a hole that covers whole lines, which an instruct model rewrites."""
BODY = "body"
"""The name of a hole for the statements of a function."""


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

    def shift(self, delta: int) -> "Hole":
        return replace(self, start=self.start + delta, end=self.end + delta)


@dataclass(frozen=True)
class Target:
    """One place for one action. All offsets count characters of one version of the document.

    language_id: whose syntax checks the answer.
    first, last: the whole lines it lies in; a change to these while the model works makes the answer void.
    holes: by the names that the action's template uses.
    unwanted: a name that the answer must not contain, because the diagnostic says that there is none.
    is_syntax_error: the document does not parse because of these lines: the answer must keep their words.
    is_name: the answer is one name.
    addition: the answer may add this to a function, and change nothing.
    may_drop_names: signatures, and names that other code may use, need not be kept.
    words: what the template's conversation says of this place, by the names that it uses.
    num_dropped: characters in front of a hole that go with the answer: the comment that holds the instruction.
    """

    language_id: str
    first: int
    last: int
    holes: Mapping[str, Hole]
    unwanted: str = ""
    is_syntax_error: bool = False
    is_name: bool = False
    addition: Addition | None = None
    may_drop_names: bool = False
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    num_dropped: int = 0

    @classmethod
    def of_lines(cls, lines: Lines, first: int, last: int, holes: Mapping[str, Hole]) -> "Target":
        """The whole lines from `first` to `last`."""
        return cls(lines.snapshot.language_id, lines.start(first), lines.end(last), holes)

    def shift(self, delta: int) -> "Target":
        """The same place after text before it has grown by `delta` characters."""
        holes = {name: hole.shift(delta) for name, hole in self.holes.items()}
        return replace(self, first=self.first + delta, last=self.last + delta, holes=holes)

    def lines_of(self, before: str, after: str) -> tuple[str, str]:
        """Its lines before and after a change inside them."""
        return before[self.first : self.last], after[self.first : self.last + len(after) - len(before)]
