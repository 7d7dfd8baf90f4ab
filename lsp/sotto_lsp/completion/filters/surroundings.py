"""What stands around a suggestion."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Surroundings:
    """The text on both sides of the cursor, with `\\n` line ends, and what is known of it.

    name: of the file, without its folder; "" where the model is not told it.
    is_cut_off: a budget ended the answer.
    """

    prefix: str
    suffix: str
    is_cut_off: bool = False
    name: str = ""

    @property
    def line_prefix(self) -> str:
        """The cursor's line before the cursor."""
        return self.prefix[self.prefix.rfind("\n") + 1 :]

    @property
    def line_suffix(self) -> str:
        """The cursor's line after the cursor."""
        return self.suffix.split("\n", 1)[0]

    @property
    def lines_above(self) -> list[str]:
        """The lines above the cursor's."""
        return self.prefix.split("\n")[:-1]

    @property
    def lines_below(self) -> list[str]:
        """The lines below the cursor's."""
        return self.suffix.split("\n")[1:]
