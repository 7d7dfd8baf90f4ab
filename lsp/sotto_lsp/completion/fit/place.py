"""Place: where something is asked, and what is known of it. `Places` reads it from the open documents.

A place is spelled as its file is. What the model reads is spelled as the model was trained: see Spelling.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from sotto_engine.request import FillInRequest
from sotto_lsp.completion.filters.surroundings import Surroundings
from sotto_lsp.documents.gap_text import Text
from sotto_lsp.documents.indentation import FOUR_SPACES, Indentation, Indentations, missing_indentation, respell
from sotto_lsp.documents.line_ends import find_line_end
from sotto_lsp.documents.notebooks import Notebooks
from sotto_lsp.documents.paths import file_name
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.window import WINDOW_CHARS, window
from sotto_lsp.host.session import Session
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.protocol import CursorContext, Literal


@dataclass(frozen=True)
class Spelling:
    """The indentation of the file, and the one that the model was trained with; None for a model that knows all."""

    file: Indentation = FOUR_SPACES
    model: Indentation | None = None

    @classmethod
    def of(cls, file: Indentation, model_unit: str) -> "Spelling":
        """model_unit: as a manifest names it, "" where it names none."""
        return cls(file, Indentation(model_unit) if model_unit else None)

    def for_model(self, request: FillInRequest) -> FillInRequest:
        """A request in the model's spelling."""
        if self.model in (None, self.file):
            return request
        prefix = respell(request.prefix, self.file, self.model, starts_line=True)
        return replace(request, prefix=prefix, suffix=_respell_suffix(request.suffix, self))

    def from_model(self, answer: str, line_prefix: str) -> str:
        """An answer after `line_prefix` in the file's spelling."""
        if self.model in (None, self.file):
            return answer
        return respell(answer, self.model, self.file, starts_line=not line_prefix.strip())


@lru_cache(maxsize=8)
def _respell_suffix(suffix: str, spelling: Spelling) -> str:
    """Kept: it is the same from key to key."""
    assert spelling.model is not None
    return respell(suffix, spelling.file, spelling.model, starts_line=False)


_PLAIN = Spelling()


@dataclass(frozen=True)
class Place:
    """around: the text on both sides of the cursor, to whose first side `lead` was added.

    lead: white space that the cursor's line lacks to stand inside the block above; part of what is suggested.
    may_replace: whether a suggestion may take the place of closers after the cursor.
    is_kernels: whether what is written here is no code, but for a notebook's kernel.
    """

    around: Surroundings
    cursor: CursorContext
    language_id: str
    lead: str
    line_end: str
    spelling: Spelling
    may_replace: bool = False
    is_kernels: bool = False


def read_place(
    document: Text,
    offset: int,
    name: str = "",
    language_id: str = "plaintext",
    *,
    cells: tuple[str, str] = ("", ""),
    spelling: Spelling = _PLAIN,
) -> Place:
    """The place at an offset, in characters. cells: the text before and after the document in its notebook."""
    before, after = cells
    whole = f"{before}{document[:]}{after}" if before or after else document
    prefix, suffix = window(whole, len(before) + offset, WINDOW_CHARS)
    cursor = syntax_of(language_id).read_cursor(prefix, suffix)
    lead = missing_indentation(prefix, spelling.file) if cursor.literal is Literal.CODE else ""
    return Place(
        around=Surroundings(prefix + lead, suffix, name=name),
        cursor=cursor,
        language_id=language_id,
        lead=lead,
        line_end=find_line_end(document, offset),
        spelling=spelling,
    )


class ClientRules(NamedTuple):
    """may_replace: it is known to draw a suggestion that takes the place of closers.

    wants_newlines: it makes the document's line ends out of newlines, and of nothing else.
    """

    may_replace: bool = False
    wants_newlines: bool = False


class Places:
    """Reads places of the open documents. Event loop only. `rules`: the client's."""

    def __init__(
        self, session: Session, notebooks: Notebooks, rules: Callable[[], ClientRules] = ClientRules
    ) -> None:
        self._session = session
        self._notebooks = notebooks
        self._rules = rules
        self._indentations = Indentations()

    def read(self, snapshot: DocumentSnapshot, document: Text, offset: int) -> Place:
        """The place in `document`, which is what a snapshot would be after an edit, or its text."""
        place = read_place(
            document,
            offset,
            file_name(snapshot.uri) if self._session.reads_file_names else "",
            snapshot.language_id,
            cells=self._notebooks.around(snapshot.uri),
            spelling=Spelling.of(self._indentations.of(snapshot), self._session.model_indentation),
        )
        is_kernels = self._notebooks.is_kernels(snapshot.uri, document, offset)
        rules = self._rules()
        line_end = "\n" if rules.wants_newlines else place.line_end
        return replace(place, may_replace=rules.may_replace, line_end=line_end, is_kernels=is_kernels)

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._indentations.forget(uri)
