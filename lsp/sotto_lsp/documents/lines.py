"""Lines: a snapshot's lines as text, which is how targets are found. Cheap: nothing reads the whole document."""

import re
from dataclasses import dataclass, field

from sotto_lsp.documents.snapshot import DocumentSnapshot

_INDENT = re.compile(r"[ \t]*")


@dataclass(frozen=True)
class Lines:
    """The lines of one version of a document, counted from 0."""

    snapshot: DocumentSnapshot
    _read: dict[int, str] = field(default_factory=dict[int, str], init=False, repr=False, compare=False)
    """What was read already: the actions of a menu look at the same lines."""

    def __len__(self) -> int:
        return self.snapshot.num_lines

    def __getitem__(self, line: int) -> str:
        """An existing line without its line end."""
        if (text := self._read.get(line)) is None:
            start, end = self.snapshot.line_bounds(line)
            text = self._read[line] = self.snapshot.content[start:end]
        return text

    def start(self, line: int) -> int:
        return self.snapshot.line_bounds(line)[0]

    def end(self, line: int) -> int:
        return self.snapshot.line_bounds(line)[1]

    def indent(self, line: int) -> str:
        """The white space that a line begins with."""
        text = self[line]
        return text[: _width(text)]

    def is_inside(self, line: int, indent: str) -> bool:
        """Whether a line that holds text is indented more than `indent`."""
        return len(self.indent(line).expandtabs(8)) > len(indent.expandtabs(8))

    def code_start(self, line: int) -> int:
        """The offset of a line's first character that is no white space."""
        return self.start(line) + _width(self[line])

    def code_end(self, line: int) -> int:
        """The offset after a line's last character that is no white space."""
        return self.start(line) + len(self[line].rstrip())


def _width(text: str) -> int:
    match = _INDENT.match(text)
    return match.end() if match else 0
