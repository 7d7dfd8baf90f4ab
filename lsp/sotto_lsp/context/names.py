"""Lines that name people, owners, licences or tasks: there a model invents somebody."""

import re

_NAMING = re.compile(
    r"""(?:^|[#*/"'!;\-.\s@:])
    (?:authors?|maintainers?|owners?|copyright|licen[cs]ed?\b|spdx-[\w-]*|e-?mail|contact|credits?|todo|fixme|xxx|hack)
    \b[^=\n]*$""",
    re.IGNORECASE | re.VERBOSE,
)
_IN_COMMENT = re.compile(r"""^[ \t]*(?:\#|//|/\*|\*|--|;|"{3}|'{3}|<!--)|[ \t]\#[ \t]|//""")
_DUNDER = re.compile(r"^__(author|maintainer|copyright|license|credits|email|contact)s?__[ \t]*=")


def names_nobody(line_prefix: str) -> bool:
    """Whether what is said at the end of this beginning of a line would name somebody."""
    if _DUNDER.match(line_prefix):
        return True
    return _IN_COMMENT.search(line_prefix) is not None and _NAMING.search(line_prefix) is not None
