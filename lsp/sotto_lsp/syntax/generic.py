"""UnknownSyntax: a language that nothing is known of but its brackets, quotes and, for some, comments."""

from functools import lru_cache

from sotto_lsp.syntax.balance import keeps_balance
from sotto_lsp.syntax.lexer import Lexer, Rules, StringRule
from sotto_lsp.syntax.protocol import CursorContext, Syntax

_STRINGS = (StringRule('"', '"'), StringRule(r"(?<!\w)'", "'"), StringRule("`", "`"))
_COMMENTS = {
    "#": "coffeescript dockerfile elixir julia makefile nim perl powershell r ruby shellscript toml yaml",
    "//": "csharp dart fsharp groovy jsonc kotlin less objective-c objective-cpp php scala scss solidity swift zig",
    "--": "ada elm haskell lua sql vhdl",
    "%": "erlang latex matlab prolog tex",
    ";": "asm clojure ini lisp racket scheme",
}
"""What begins a comment, and the languages in which it does."""


class UnknownSyntax(Syntax):
    """Finds nothing for code actions."""

    def __init__(self, comment: str = "") -> None:
        """comment: what begins one; "" where that is not known."""
        block_comments = comment == "//"
        self._lexer = Lexer(Rules((comment,) if comment else (), block_comments, False, _STRINGS))

    def read_cursor(self, prefix: str, suffix: str) -> CursorContext:
        """What is open in the cursor's line."""
        state = self._lexer.read(prefix[prefix.rfind("\n") + 1 :])
        return CursorContext(state.literal, state.closers)

    def is_no_worse(self, prefix: str, suffix: str, text: str, num_replaced: int) -> bool:
        return keeps_balance(self._lexer, prefix, suffix, text, num_replaced)


@lru_cache(maxsize=1)
def _comments() -> dict[str, str]:
    return {language_id: sign for sign, languages in _COMMENTS.items() for language_id in languages.split()}


@lru_cache(maxsize=16)
def _unknown(comment: str) -> UnknownSyntax:
    return UnknownSyntax(comment)


def unknown_syntax(language_id: str) -> UnknownSyntax:
    """The one of a language that has no row of its own."""
    return _unknown(_comments().get(language_id, ""))
