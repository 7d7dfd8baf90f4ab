"""What the cursor stands in, by a language's lexer: text that is half written has no tree worth trusting."""

import re

from sotto_lsp.syntax.balance import read_before
from sotto_lsp.syntax.lexer import State
from sotto_lsp.syntax.protocol import CursorContext, Literal
from sotto_lsp.syntax.tree_sitter.language import Language

_SEMICOLONS = re.compile(r";[ \t]*\n")
_BLOCK_GOES_ON = re.compile(r"=|\b(if|try|catch|do|return|struct|class|union|enum|switch|match|case)\b")
"""After the block of such a head something may follow on the line: `else`, `while`, `;`."""
_ENDS_WITHOUT_SEMICOLON = re.compile(
    r"[ \t]*(?!(?:if|for|while|switch|func|function|else|case|class|type|interface|with|catch)\b)"
    r"(?:[\w.]+(?:, *[\w.]+)* *:?= .*|(?:var|let|const|return|throw) .*|\w+(?:\.\w+)+\(.*|import .*)[)\]\"'`]"
)


def read_cursor(language: Language, prefix: str) -> CursorContext:
    text, state = read_before(language.lexer, prefix)
    is_complete = state.literal is Literal.CODE and _ends_statement(language, text, state)
    return CursorContext(state.literal, state.closers, is_complete)


def _ends_statement(language: Language, prefix: str, state: State) -> bool:
    """Whether the line ends a statement of a block, so that nothing but a line end follows."""
    if state.frames and state.frames[-1].closer != "}":
        return False
    line = prefix[prefix.rfind("\n") + 1 :].rstrip(" \t")
    if line.endswith(";"):
        return True
    if line.endswith("}"):
        head = prefix[state.line_start :].split("{", 1)[0]
        return "{" in prefix[state.line_start :] and bool(head.strip()) and not _BLOCK_GOES_ON.search(head)
    may_end = not language.needs_semicolons and not _SEMICOLONS.search(prefix)
    return may_end and _ENDS_WITHOUT_SEMICOLON.fullmatch(line) is not None
