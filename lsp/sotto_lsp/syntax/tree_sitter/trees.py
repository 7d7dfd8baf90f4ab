"""The trees of the documents that are open: one for each, parsed again only where it was edited."""

import time
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.text_change import find_changed_part
from sotto_lsp.syntax.protocol import MAX_PARSED_CHARS
from sotto_lsp.syntax.tree_sitter.grammar import grammar_of
from sotto_lsp.syntax.tree_sitter.syntax_tree import SyntaxTree

_MAX_TREES = 16
_AGAIN_S = 5.0
"""What took too long is tried no more often: menus are made at every move of the cursor."""


@dataclass(frozen=True)
class _Kept:
    """A document's last tree; None for a text that took too long, and may be tried again at `again_at`."""

    text: str
    tree: SyntaxTree | None
    again_at: float = 0.0


_kept: dict[tuple[str, str], _Kept] = {}
"""The one that was parsed last is the last."""
_keeping = Lock()


def is_parsed(snapshot: DocumentSnapshot) -> bool:
    """Whether `tree_of` answers at once."""
    if len(snapshot.content) > MAX_PARSED_CHARS:
        return True
    kept = _kept.get((snapshot.uri, snapshot.language_id))
    return kept is not None and (kept.text == snapshot.text or time.monotonic() < kept.again_at)


def tree_of(snapshot: DocumentSnapshot) -> SyntaxTree | None:
    """None where it cannot be parsed. May be called on any thread."""
    if len(snapshot.content) > MAX_PARSED_CHARS or (grammar := grammar_of(snapshot.language_id)) is None:
        return None
    key, text = (snapshot.uri, snapshot.language_id), snapshot.text
    kept = _kept.get(key)
    if kept is not None and (kept.text == text or time.monotonic() < kept.again_at):
        return kept.tree
    if kept is not None and kept.tree is not None:
        start, old_end, num_inserted = find_changed_part(kept.text, text)
        tree = kept.tree.edit(start, old_end, text[start : start + num_inserted])
    else:
        tree = SyntaxTree.parse(grammar, text)
    with _keeping:
        _kept.pop(key, None)
        _kept[key] = _Kept(text, tree, 0.0 if tree else time.monotonic() + _AGAIN_S)
        if len(_kept) > _MAX_TREES:
            del _kept[next(iter(_kept))]
    return tree


@lru_cache(maxsize=2)
def tree_of_text(language_id: str, text: str) -> SyntaxTree | None:
    """For several answers about one text; None where there is no grammar or no time."""
    grammar = grammar_of(language_id)
    return None if grammar is None else SyntaxTree.parse(grammar, text)
