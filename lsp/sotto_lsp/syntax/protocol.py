"""Syntax: what code actions and suggestions ask of a language. Knows no parser, no model, no LSP."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from sotto_engine.errors import SottoError
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.paths import WorkspaceFile
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.target import Hole, Target

MAX_PARSED_CHARS = 200_000
"""A larger document is not parsed: that takes longer than a move of the cursor may."""


@dataclass(frozen=True)
class Problem:
    """A syntax error.

    start: the offset at which the parser noticed it.
    first, last: the lines in which a sign may be missing, or one too many.
    shown: the lines, from first to last, at which a user looks for it.
    """

    start: int
    first: int
    last: int
    shown: tuple[int, int]


@dataclass(frozen=True)
class Stub:
    """The lines, from first to last, of a function whose body is still to be written, and where it belongs."""

    first: int
    last: int
    hole: Hole


@dataclass(frozen=True)
class Mending:
    """How the syntax error in a target's lines may be mended: by one sign or one keyword.

    signs: those that are missing most often first. line: the likeliest of the lines.
    mends: whether a change leaves no error there; it may take that many seconds.
    """

    signs: tuple[str, ...]
    keywords: frozenset[str]
    line: int
    mends: Callable[[TextChange, float], bool]


class Literal(Enum):
    """In what the cursor stands."""

    CODE = "code"
    STRING = "string"
    DOCSTRING = "docstring"
    COMMENT = "comment"


@dataclass(frozen=True)
class CursorContext:
    """What the text before the cursor says of the cursor, be it half written.

    literal: what the cursor stands in; inside the braces of an f-string it is code.
    closers: what closes the brackets and quotes that are open, innermost first: `")` in `f("`. A triple quote is
        three characters.
    is_complete: the cursor's line up to the cursor ends a whole statement, so that nothing but a line end follows.
    """

    literal: Literal = Literal.CODE
    closers: str = ""
    is_complete: bool = False


class ModuleTests(Protocol):
    """The tests of one module. file: an absolute path, be the file there or not. module: the name for an import."""

    @property
    def file(self) -> Path: ...

    @property
    def module(self) -> str: ...

    def import_line(self, name: str) -> str:
        """How a test imports a function of the module."""
        ...

    def add_tests(self, existing: str, answer: str, name: str) -> list[TextChange] | str:
        """The changes of the file's text that add an answer's tests of a function, or why they must not be made."""
        ...

    def whole_tests(self, code: str) -> str:
        """What is whole of an answer that was cut off."""
        ...


class Syntax(Protocol):
    """One language. Lines count from 0. May be asked on any thread.

    What a language cannot do is left as it is here: it finds nothing, so that no action is offered.
    """

    name: str = ""
    """As people write it."""
    knows_names: bool = False
    """Whether it can say which names are defined."""

    def is_parsed(self, snapshot: DocumentSnapshot) -> bool:
        """Whether the other questions about this document are answered at once."""
        return True

    def parse(self, snapshot: DocumentSnapshot) -> None:
        """Makes them so."""

    def explain_missing_parser(self) -> str | None:
        """What has to be installed before texts can be parsed, in a sentence; None for nothing."""
        return None

    def explain_unparsed(self, snapshot: DocumentSnapshot) -> str | None:
        """Why a document cannot be parsed at all, in a sentence; None where it can."""
        return None

    def find_problems(self, lines: Lines) -> Iterator[Problem]:
        """Where the document does not parse, in order."""
        yield from ()

    def read_cursor(self, prefix: str, suffix: str) -> CursorContext:
        """What is open between the two texts around the cursor, which have `\\n` line ends and may begin anywhere."""
        return CursorContext()

    def is_no_worse(self, prefix: str, suffix: str, text: str, num_replaced: int) -> bool:
        """Whether the statements around the cursor have no more errors with `text` than they had without it.

        `text` takes the place of the suffix's first `num_replaced` characters. Only what is near is compared: a
        document that is being edited does not parse as a whole.
        """
        return True

    def count_open_brackets(self, lines: Lines, start: int, end: int) -> Counter[str]:
        """How many more `()`, `[]` and `{}` are opened than closed in `[start, end)`, strings and comments aside."""
        return Counter()

    def is_comment(self, lines: Lines, line: int) -> bool:
        """Whether a comment has the line to itself."""
        return False

    def read_comment(self, line: str) -> str | None:
        """What a line that is a comment says; None for another line, and for a comment of a special form."""
        return None

    def is_statement(self, lines: Lines, line: int) -> bool:
        """Whether a line can be rewritten: no definition, import, comment, directive or lone bracket."""
        return False

    def is_whole(self, lines: Lines, first: int, last: int) -> bool:
        """Whether the lines parse by themselves."""
        return False

    def find_function(self, lines: Lines, line: int) -> tuple[int, int] | None:
        """First and last line of the function whose signature is in a line, without decorators."""
        return None

    def find_stub(self, lines: Lines, line: int) -> Stub | None:
        """The function that a line belongs to, if its body is still to be written."""
        return None

    def find_unhinted(self, lines: Lines, line: int) -> tuple[int, int] | None:
        """First and last line of the signature that a line is in, if it lacks type hints."""
        return None

    def find_undocumented(self, lines: Lines, line: int) -> tuple[int, int] | None:
        """First and last line of the signature that a line is in, if its function has no docstring."""
        return None

    def find_testable(self, lines: Lines, line: int) -> str | None:
        """The name of the function whose signature is in a line, if tests can import it."""
        return None

    def find_tests(self, source: WorkspaceFile) -> ModuleTests:
        """Looks at the disk. Raises SottoError for a module that tests cannot import."""
        raise SottoError(f"{source.file.name} is no module that tests could import.")

    def find_names(self, text: str, line: int) -> tuple[tuple[str, ...], frozenset[str]]:
        """The names that can be read in a line, the nearest first, and the built-in ones."""
        return (), frozenset()

    def find_mending(self, lines: Lines, target: Target) -> Mending | None:
        """How to mend the syntax error in a target's lines."""
        return None

    def is_hopeless(self, text: str, target: Target) -> bool:
        """Whether the document is broken in such a way that no answer can pass."""
        return False

    def add_stub(self, text: str, target: Target) -> str:
        """The text before a change as one that parses, with a stub for a body that is missing."""
        return text

    def check(self, text: str, change: TextChange, target: Target) -> str | None:
        """Why `change`, which changes something, must not be made to `text`; None if it passes every check."""
        return "nothing is known of its language"

    def list_checks(self, target: Target) -> tuple[str, ...]:
        """What an answer that passes was checked for, in words."""
        return ()
