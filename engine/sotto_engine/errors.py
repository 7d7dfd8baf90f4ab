"""The one error type that crosses the engine's border: a sentence that a user can act on."""


class SottoError(Exception):
    """Something the user can mend. `str(error)` is one sentence saying what is wrong and what to do."""
