"""The one error type that crosses the engine's border: a sentence that a user can act on."""


class SottoError(Exception):
    """Something the user can mend. `str(error)` is one sentence saying what is wrong and what to do."""


def first_line(error: object) -> str:
    """What a library's error says, short enough for a sentence; its type where it says nothing."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__
