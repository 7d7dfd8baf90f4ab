"""What closes behind the cursor and no more: editors write it as one types, so it is no news to a model."""

_CLOSERS = ")]}\"'`:,; \t"


def behind_closers(suffix: str) -> str:
    """The suffix from the end of the cursor's line on, where the rest of that line is closers alone."""
    rest, line_end, below = suffix.partition("\n")
    return suffix if rest.strip(_CLOSERS) else line_end + below
