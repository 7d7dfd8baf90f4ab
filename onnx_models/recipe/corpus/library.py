"""The documents of the corpus and, for cross-file context, where each package defines its functions and classes."""

import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

_DEFINITION = re.compile(r"^(?:async )?(?:def|class) ([A-Za-z]\w{4,})", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z]\w{4,}")
_MAX_SNIPPET_CHARS = 900
_MAX_HOMONYMS = 2
"""A name defined in more files than this does not say which of them is used."""


@dataclass(frozen=True)
class Document:
    """One source file of a package."""

    package: str
    path: str
    text: str


@dataclass(frozen=True)
class Related:
    """A piece of another file, as the server sets it in front."""

    path: str
    text: str


class Library:
    """All documents, in an order that the seed decides."""

    def __init__(self, documents: list[Document], seed: int = 0) -> None:
        self.documents = list(documents)
        random.Random(seed).shuffle(self.documents)
        self._places: dict[tuple[str, str], list[tuple[Document, int]]] = defaultdict(list)
        for document in self.documents:
            for match in _DEFINITION.finditer(document.text):
                self._places[document.package, match[1]].append((document, match.start()))

    @classmethod
    def read(cls, path: Path, seed: int = 0) -> "Library":
        """From the JSON lines that the corpus step wrote."""
        with path.open(encoding="utf-8") as lines:
            return cls([Document(**json.loads(line)) for line in lines], seed)

    def related(self, document: Document, text: str, limit: int, dice: random.Random) -> list[Related]:
        """Up to `limit` definitions, in other files of the package, of names that `text` uses."""
        found: list[Related] = []
        names = list(dict.fromkeys(_WORD.findall(text)))
        dice.shuffle(names)
        for name in names:
            places = self._places.get((document.package, name), [])
            elsewhere = [(other, start) for other, start in places if other is not document]
            if len(elsewhere) == len(places) and 0 < len(places) <= _MAX_HOMONYMS:
                other, start = elsewhere[0]
                found.append(Related(other.path, _block(other.text, start)))
                if len(found) == limit:
                    break
        return found


def _block(text: str, start: int) -> str:
    """A definition from its first line to the next text that is not indented, cut at a line."""
    following = re.compile(r"\n(?=[^\s)\]}])").search(text, text.find("\n", start) + 1 or len(text))
    end = following.start() if following else len(text)
    if end - start > _MAX_SNIPPET_CHARS:
        end = text.rfind("\n", start, start + _MAX_SNIPPET_CHARS)
        end = end if end > start else start + _MAX_SNIPPET_CHARS
    return text[start:end].rstrip()
