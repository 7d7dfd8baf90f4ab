"""Place: what an action is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """What an action is asked for: lines, from first to last, or a diagnostic.

    start, end: offsets. message, source, code: a diagnostic's text, its maker, its rule.
    instruction: what is to be done, in the command's words.
    """

    first_line: int
    last_line: int
    start: int
    end: int
    message: str = ""
    source: str = ""
    code: str = ""
    instruction: str = ""
