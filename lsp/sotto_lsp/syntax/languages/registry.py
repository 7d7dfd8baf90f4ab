"""The languages that there are: which syntax belongs to an editor's language id."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from sotto_lsp.syntax.generic import unknown_syntax
from sotto_lsp.syntax.protocol import Syntax
from sotto_lsp.syntax.python.python_syntax import PythonSyntax
from sotto_lsp.syntax.tree_sitter.language import load_languages
from sotto_lsp.syntax.tree_sitter.tree_sitter_syntax import TreeSitterSyntax


def syntax_of(language_id: str) -> Syntax:
    """Of an unknown language, one that finds nothing."""
    return _syntaxes().get(language_id) or unknown_syntax(language_id)


def language_ids() -> tuple[str, ...]:
    """The ids of all languages in which there are code actions, as editors name them."""
    return tuple(_syntaxes())


def is_among(language_id: str, languages: Iterable[str]) -> bool:
    """Whether one of `languages` is this one, by any id of it: a model of JavaScript knows JSX, too."""
    name = syntax_of(language_id).name
    return any(each == language_id or (name and syntax_of(each).name == name) for each in languages)


@lru_cache(maxsize=1)
def _syntaxes() -> Mapping[str, Syntax]:
    """Python first, the others by their ids."""
    rows = sorted((language_id, row) for row in load_languages() for language_id in row.grammars)
    return {"python": PythonSyntax(), **{each: TreeSitterSyntax(each, row) for each, row in rows}}
