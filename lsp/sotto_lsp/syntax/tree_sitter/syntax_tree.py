"""SyntaxTree: one version of a text, parsed by tree-sitter. Offsets count characters; no node leaves this file."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sotto_lsp.syntax.tree_sitter.grammar import Grammar
from sotto_lsp.syntax.tree_sitter.language import Language, Role

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

TIME_LIMIT_S = 0.2
"""Of the processor's time, for one parse. 200,000 characters take 0.05 s; a text that is all errors, much longer."""
MAX_PROBLEMS = 64
_STATEMENT_LIST = "statement_list"
"""Go has such a node between a body and its statements."""
_BRACKETS = {"(": "()", ")": "()", "[": "[]", "]": "[]", "{": "{}", "}": "{}", "${": "{}", "#{": "{}"}


@dataclass(frozen=True)
class Region:
    """A node: its kind and `[start, end)`. body: where its body begins and ends, with brackets; None without one."""

    kind: str
    start: int
    end: int
    body: tuple[int, int] | None = None
    body_kind: str = ""

    def holds(self, start: int, end: int) -> bool:
        """Whether the region goes on before or after these offsets, which lie in it."""
        return self.start <= start and end <= self.end and (self.start, self.end) != (start, end)


class SyntaxTree:
    """Immutable."""

    def __init__(self, grammar: Grammar, text: str, data: bytes, tree: "Tree") -> None:
        self.text = text
        self._grammar = grammar
        self._data = data
        self._tree = tree

    @classmethod
    def parse(cls, grammar: Grammar, text: str, time_limit_s: float = TIME_LIMIT_S) -> "SyntaxTree | None":
        """None where that takes longer."""
        data = text.encode()
        tree = grammar.parse(data, None, time_limit_s)
        return None if tree is None else cls(grammar, text, data, tree)

    def edit(self, start: int, end: int, new: str, time_limit_s: float = TIME_LIMIT_S) -> "SyntaxTree | None":
        """The tree of the text with `[start, end)` replaced: only what that changes is parsed again."""
        first, old_end = self._byte(start), self._byte(end)
        inserted = new.encode()
        data = self._data[:first] + inserted + self._data[old_end:]
        new_end = first + len(inserted)
        old = self._tree.copy()
        points = (_point(self._data, first), _point(self._data, old_end), _point(data, new_end))
        old.edit(first, old_end, new_end, *points)
        tree = self._grammar.parse(data, old, time_limit_s)
        text = self.text[:start] + new + self.text[end:]
        return None if tree is None else SyntaxTree(self._grammar, text, data, tree)

    @property
    def language(self) -> Language:
        return self._grammar.language

    @property
    def keywords(self) -> frozenset[str]:
        return self._grammar.keywords

    @cached_property
    def problems(self) -> tuple[Region, ...]:
        """Where the text does not parse, in order: nodes that hold no smaller problem; at most `MAX_PROBLEMS`."""
        found: list[Region] = []
        for node in _innermost_problems(self._tree.root_node):
            found.append(self._region(node))
            if len(found) == MAX_PROBLEMS:
                break
        return tuple(found)

    def has_problem(self, start: int, end: int) -> bool:
        """Whether one lies in `[start, end]`, or only touches it."""
        return any(each.start <= end and each.end >= start for each in self.problems)

    def regions(self, role: Role, start: int, end: int) -> list[Region]:
        """The nodes of a role that reach into `[start, end)`, outer ones first."""
        return [self._region(node) for node in self._nodes(role, start, end)]

    def names_bound(self, start: int, end: int) -> set[str]:
        """The names that the nodes inside `[start, end)` make known."""
        first, last = self._byte(start), self._byte(end)
        nodes = self._grammar.nodes(Role.BINDING, self._tree.root_node, first, last)
        inside = (node for node in nodes if first <= node.start_byte and node.end_byte <= last)
        leaves = (leaf for node in inside for leaf in _leaves(node, first, last))
        spans = [(leaf.start_byte, leaf.end_byte) for leaf in leaves if "identifier" in leaf.type]
        return {self._data[begin:finish].decode() for begin, finish in spans}

    def token_at(self, offset: int) -> str:
        """The kind of the token that begins there; "" inside a comment or a string of several lines."""
        byte = self._byte(offset)
        leaf = self._tree.root_node.descendant_for_byte_range(byte, byte + 1)
        return leaf.type if leaf is not None and leaf.start_byte == byte else ""

    def is_whole(self, start: int, end: int) -> bool:
        """Whether `[start, end)` is one node, or some neighbours that stand in one node, and parses."""
        first, last = self._byte(start), self._byte(end)
        node = self._tree.root_node.descendant_for_byte_range(first, last)
        if node is None or self.has_problem(start, end):
            return False
        if (node.start_byte, node.end_byte) == (first, last):
            return True
        touched = [each for each in node.children if each.start_byte < last and each.end_byte > first]
        are_inside = all(first <= each.start_byte and each.end_byte <= last for each in touched)
        return bool(touched) and are_inside and not any(self.count_open_brackets(start, end).values())

    def statements(self, start: int, end: int) -> list[Region]:
        """What stands in the brackets of the body `[start, end)`, comments too."""
        node = self._tree.root_node.descendant_for_byte_range(self._byte(start), self._byte(end))
        children = node.named_children if node else []
        lists = [each for each in children if each.type == _STATEMENT_LIST]
        inner = [child for each in lists for child in each.named_children]
        return [self._region(each) for each in [*inner, *children] if each.type != _STATEMENT_LIST]

    def count_open_brackets(self, start: int, end: int) -> Counter[str]:
        """How many more brackets of each kind are opened than closed in `[start, end)`; not those in strings."""
        first, last = self._byte(start), self._byte(end)
        count: Counter[str] = Counter()
        for leaf in _leaves(self._tree.root_node, first, last):
            if (kind := _BRACKETS.get(leaf.type)) and not leaf.is_missing:
                count[kind] += -1 if leaf.type == kind[1] else 1
        return count

    def _nodes(self, role: Role, start: int, end: int) -> "list[Node]":
        return self._grammar.nodes(role, self._tree.root_node, self._byte(start), self._byte(end))

    def _region(self, node: "Node") -> Region:
        body = node.child_by_field_name("body")
        span = (self._offset(body.start_byte), self._offset(body.end_byte)) if body else None
        kind = f"missing {node.type}" if node.is_missing else node.type
        start, end = self._offset(node.start_byte), self._offset(node.end_byte)
        return Region(kind, start, end, span, body.type if body else "")

    @cached_property
    def _is_ascii(self) -> bool:
        return len(self._data) == len(self.text)

    def _byte(self, offset: int) -> int:
        return offset if self._is_ascii else len(self.text[:offset].encode())

    def _offset(self, byte: int) -> int:
        return byte if self._is_ascii else len(self._data[:byte].decode(errors="replace"))


def _point(data: bytes, byte: int) -> tuple[int, int]:
    """Row and column, in bytes, as tree-sitter counts them."""
    return data.count(b"\n", 0, byte), byte - data.rfind(b"\n", 0, byte) - 1


def _innermost_problems(node: "Node") -> "Iterator[Node]":
    """In order; a stack of our own, since code can be nested deeper than Python calls."""
    todo = [node]
    while todo:
        at = todo.pop()
        inner = [each for each in at.children if each.has_error or each.is_missing]
        if inner:
            todo += reversed(inner)
        elif at.has_error or at.is_missing:
            yield at


def _leaves(node: "Node", start: int, end: int) -> "Iterator[Node]":
    """The tokens that reach into the bytes `[start, end)`, in order."""
    todo = [node]
    while todo:
        at = todo.pop()
        if at.child_count:
            todo += reversed([each for each in at.children if each.start_byte < end and each.end_byte > start])
        else:
            yield at
