"""NeededServer: the series of servers that an editor's plugin was made for, as it says at the start."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

_FIELD = "needsServer"


@dataclass(frozen=True)
class NeededServer:
    """The field `needsServer` of initializationOptions, beside the settings; "" where the client has no such wish."""

    series: str = ""
    """Major and minor number, as in `0.1`"""

    @classmethod
    def split_off(cls, options: object) -> tuple["NeededServer", object]:
        """The field, and the options without it; what is no string stays, and is named as an unknown setting."""
        if isinstance(options, Mapping):
            rest = dict(cast("Mapping[str, object]", options))
            if isinstance(series := rest.pop(_FIELD, None), str):
                return cls(series), rest
        return cls(), cast("object", options)

    def problem_with(self, version: str) -> str | None:
        """One sentence where a server of this version is of another series."""
        if not self.series or version.split(".")[:2] == self.series.split(".")[:2]:
            return None
        return (
            f"The editor's plugin needs sotto {self.series}, and this server is {version}; "
            "install the two from one release."
        )
