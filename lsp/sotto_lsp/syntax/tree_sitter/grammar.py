"""Grammar: the one door to tree-sitter, which is imported when a document of such a language first needs it."""

import time
from collections.abc import Iterator
from functools import cached_property, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from sotto_lsp.syntax.tree_sitter.language import Language, Role, language_of

if TYPE_CHECKING:
    from tree_sitter import Node, Query, Tree


class Grammar:
    """A language's parser. Parsing can be done on any thread."""

    def __init__(self, language: Language, function: str) -> None:
        """Raises ImportError or ValueError where the grammar is not installed or not for this tree-sitter."""
        import tree_sitter  # noqa: PLC0415 - not before it is needed

        module, name = function.rsplit(".", 1)
        self.language = language
        self._tree_sitter = tree_sitter
        pointer: object = getattr(import_module(module), name)()
        self._grammar = tree_sitter.Language(pointer)
        self._queries: dict[Role, Query] = {}

    @cached_property
    def keywords(self) -> frozenset[str]:
        """The words that the grammar itself spells out."""
        kinds = range(self._grammar.node_kind_count)
        unnamed = (self._grammar.node_kind_for_id(kind) or "" for kind in kinds if not self._is_named(kind))
        return frozenset(word for word in unnamed if word.isalpha() and word.islower())

    def parse(self, data: bytes, old: "Tree | None", time_limit_s: float) -> "Tree | None":
        """The tree of a text in UTF-8; None where it takes more of the processor's time than that.

        `old`: a tree that knows the edits since.
        """
        deadline = time.thread_time() + time_limit_s
        parser = self._tree_sitter.Parser(self._grammar)
        whole = memoryview(data)
        pieces: list[memoryview] = []

        def read(offset: int, point: object) -> memoryview:
            del point
            pieces.append(whole[offset:])
            return pieces[-1]

        def is_late(offset: int, has_error: bool) -> bool:
            del offset, has_error
            return time.thread_time() > deadline

        try:
            if old is None:
                return parser.parse(read, progress_callback=is_late)
            return parser.parse(read, old, progress_callback=is_late)
        except ValueError:  # how it reports that it was ended
            return None
        finally:
            for piece in pieces:
                piece.release()  # tree-sitter 0.26.1 keeps what it has read for good: of this, 200 bytes are left

    def nodes(self, role: Role, root: "Node", start: int, end: int) -> "list[Node]":
        """The nodes of a role that reach into the bytes `[start, end)`, outer ones first; of bindings the names."""
        cursor = self._tree_sitter.QueryCursor(self._query(role))
        cursor.set_byte_range(start, end)
        found = cursor.captures(root).get("node", [])
        touching = [each for each in found if each.start_byte < end and each.end_byte > start]
        return sorted(touching, key=lambda node: (node.start_byte, -node.end_byte))

    def _query(self, role: Role) -> "Query":
        if role not in self._queries:
            patterns = " ".join(_patterns(role, self.language))
            self._queries[role] = self._tree_sitter.Query(self._grammar, patterns)
        return self._queries[role]

    def _is_named(self, kind: int) -> bool:
        return self._grammar.node_kind_is_named(kind)


@lru_cache(maxsize=32)
def grammar_of(language_id: str) -> Grammar | None:
    """None where there is none, or it is not installed."""
    language = language_of(language_id)
    if language is None:
        return None
    try:
        return Grammar(language, language.grammars[language_id])
    except (ImportError, ValueError):
        return None


def _patterns(role: Role, language: Language) -> Iterator[str]:
    for name in language.roles[role]:
        if role is Role.BINDING:
            node, field = name.split(".")
            yield f"({node} {field}: (_) @node)"
        else:
            yield f"({name}) @node"
