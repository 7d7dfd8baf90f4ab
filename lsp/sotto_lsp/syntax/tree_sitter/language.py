"""Language: how a grammar names what is looked for, as data: a TOML file a language, in `syntax/languages/`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from importlib import resources
from typing import Any

from sotto_lsp.syntax.lexer import Lexer, Rules, StringRule


class Role(Enum):
    """What a node is to code actions; the values are the keys of a language's file."""

    FUNCTION = "functions"
    """Has a field `body`."""
    SIGNATURE = "signatures"
    """What stands before its body, or all of it, is what other code relies on."""
    BINDING = "bindings"
    """`node.field`: the names in that field are made known by the node."""
    COMMENT = "comments"
    FIXED = "fixed"
    """A line where one begins is not rewritten: imports, attributes, directives."""


@dataclass(frozen=True)
class Language:
    """One row: `grammars` has, by the ids that editors use, the module and function that give the grammar.

    package: what pip installs. blocks: bodies in brackets that hold statements. stub: matches the text of a body that
    is still to be written. step: how a body is indented where the file does not show it. needs_semicolons: whether
    simple statements end with one. has_macros: whole code may not parse.
    """

    name: str
    package: str
    grammars: Mapping[str, str]
    roles: Mapping[Role, tuple[str, ...]]
    blocks: frozenset[str]
    stub: re.Pattern[str]
    step: str
    lexer: Lexer
    needs_semicolons: bool
    has_macros: bool

    @property
    def remedy(self) -> str:
        """What to do where the grammar is not there."""
        return f"run `pip install {self.package}` where Sotto is installed."


def language_of(language_id: str) -> Language | None:
    """The row for an editor's language id; None for Python and for what has no grammar here."""
    return next((row for row in load_languages() if language_id in row.grammars), None)


@lru_cache(maxsize=1)
def load_languages() -> tuple[Language, ...]:
    """All rows."""
    folder = resources.files("sotto_lsp.syntax.languages")
    files = (each for each in folder.iterdir() if each.name.endswith(".toml"))
    return tuple(_row(tomllib.loads(each.read_text(encoding="utf-8"))) for each in files)


def _row(data: dict[str, Any]) -> Language:
    return Language(
        name=data["name"],
        package=data["package"],
        grammars=data["grammars"],
        roles={role: tuple(data[role.value]) for role in Role},
        blocks=frozenset(data["blocks"]),
        stub=re.compile("|".join(data["stubs"]), re.IGNORECASE),
        step=data["step"],
        lexer=_lexer(data["lexical"]),
        needs_semicolons=data["lexical"].get("needs_semicolons", True),
        has_macros=data["lexical"].get("has_macros", False),
    )


def _lexer(data: dict[str, Any]) -> Lexer:
    rules = Rules(
        line_comments=tuple(data["line_comments"]),
        block_comments=data["block_comments"],
        nested_comments=data.get("nested_comments", False),
        strings=tuple(StringRule(**each) for each in data["strings"]),
        skipped=data.get("skipped", ""),
    )
    return Lexer(rules)
