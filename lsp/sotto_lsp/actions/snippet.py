"""Snippets as LSP spells them: text with a place for the cursor, or with a choice. One line each.

Editors give the lines of a longer one another indentation, which Python would not survive.
"""

import re
from collections.abc import Sequence

_SPECIAL = re.compile(r"[\\$}]")
_SPECIAL_IN_CHOICE = re.compile(r"[\\,|]")
"""VS Code reads a backslash before anything else in a choice as a backslash."""


def is_line_of_code(text: str) -> bool:
    """Whether an editor writes it as it is: no line end in it, no indentation before it."""
    return text.splitlines() == [text] and not text[0].isspace()


def spell_line(text: str) -> str:
    """A line of code, with the cursor at its end."""
    return _SPECIAL.sub(r"\\\g<0>", text) + "$0"


def spell_choice(lines: Sequence[str]) -> str:
    """The first of several lines, for which the others can be chosen in its place."""
    return "${1|" + ",".join(_SPECIAL_IN_CHOICE.sub(r"\\\g<0>", line) for line in lines) + "|}$0"
