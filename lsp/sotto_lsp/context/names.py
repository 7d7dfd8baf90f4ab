"""Lines that name people, owners, licences or tasks: there a model invents somebody."""

import re

_MARK = r"(?:\#+|//+|/?\*+|--|;+|\"{3}|'{3}|<!--)"
_LABEL = (
    r"(?:(?:main[ ]|original[ ])?authors?|written[ ]by|maintain(?:er|ed)s?|owners?|owned[ ]by|contacts?|credits?|"
    r"contributors?|copyright|\(c\)|©|licen[cs]e[ds]?|spdx-[\w-]*|e-?mail|todo|fixme|xxx|hack|"
    r"assigned[ ]to|reviewers?)(?!\w)"
)
_IN_COMMENT = re.compile(rf"(?:^[ \t]*|[ \t]){_MARK}[ \t!]*[:@\\]?{_LABEL}", re.IGNORECASE | re.VERBOSE)
_IN_TEXT = re.compile(rf"^[ \t]*(?:[rbuf]{{0,2}}{_MARK})?[ \t!]*[:@\\]?{_LABEL}", re.IGNORECASE | re.VERBOSE)
_DUNDER = re.compile(r"^__(author|maintainer|copyright|license|credits|email|contact)s?__[ \t]*=")
FIELD = re.compile(
    r"^[ \t]*(?:__)?(?:author|maintainer|copyright|owner|contact|email|licen[cs]e)s?(?:_email|_name)?(?:__)?"
    r"[ \t]*=[ \t]*[rbuf]?[\"']"
)
"""As in `setup(author="`."""


def names_nobody(line_prefix: str, *, is_text: bool = False) -> bool:
    """Whether what is said at the end of this beginning of a line would name somebody.

    is_text: the line is in a comment or a docstring.
    """
    if _DUNDER.match(line_prefix) or FIELD.match(line_prefix) or _IN_COMMENT.search(line_prefix):
        return True
    return is_text and _IN_TEXT.match(line_prefix) is not None
