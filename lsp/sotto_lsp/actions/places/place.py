"""Place: what an action is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """What an action is asked for: lines, from first to last, or a diagnostic.

    start, end: offsets. message, source, code: what a diagnostic says, who made it, its rule.
    instruction: what the command that was sent says is to be done.
    """

    first_line: int
    last_line: int
    start: int
    end: int
    message: str = ""
    source: str = ""
    code: str = ""
    instruction: str = ""
