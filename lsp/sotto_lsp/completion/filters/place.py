"""Where a suggestion would stand."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """The text on both sides of the cursor, `\\n` line ends, and whether the model was cut off by a budget."""

    prefix: str
    suffix: str
    is_cut_off: bool = False

    @property
    def line_prefix(self) -> str:
        """What stands before the cursor on its line."""
        return self.prefix[self.prefix.rfind("\n") + 1 :]

    @property
    def line_suffix(self) -> str:
        """What stands behind the cursor on its line."""
        return self.suffix.split("\n", 1)[0]

    @property
    def lines_below(self) -> list[str]:
        """The lines below the cursor's."""
        return self.suffix.split("\n")[1:]
