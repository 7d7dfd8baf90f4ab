"""What stands around a suggestion."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Surroundings:
    """The text on both sides of the cursor, with `\\n` line ends, and whether a budget cut the model off."""

    prefix: str
    suffix: str
    is_cut_off: bool = False

    @property
    def line_prefix(self) -> str:
        """The cursor's line before the cursor."""
        return self.prefix[self.prefix.rfind("\n") + 1 :]

    @property
    def line_suffix(self) -> str:
        """The cursor's line after the cursor."""
        return self.suffix.split("\n", 1)[0]

    @property
    def lines_below(self) -> list[str]:
        """The lines below the cursor's."""
        return self.suffix.split("\n")[1:]
