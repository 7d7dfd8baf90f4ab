"""The white space that all lines of a piece of code begin with: taken off for a model, put back for the document."""


def margin_of(code: str) -> str:
    """What every line that holds text begins with."""
    margins = [line[: len(line) - len(line.lstrip(" \t"))] for line in code.split("\n") if line.strip()]
    shortest = min(margins, key=len, default="")
    return next(
        shortest[:size]
        for size in range(len(shortest), -1, -1)
        if all(each.startswith(shortest[:size]) for each in margins)
    )


def without_margin(code: str, margin: str) -> str:
    """Lines that do not begin with it stay as they are."""
    return "\n".join(line.removeprefix(margin) for line in code.split("\n"))


def with_margin(code: str, margin: str) -> str:
    """Lines without text get none."""
    return "\n".join(margin + line if line.strip() else line for line in code.split("\n"))
