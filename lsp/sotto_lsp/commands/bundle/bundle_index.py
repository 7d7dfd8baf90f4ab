"""bundle.json: what a bundle holds and for which machines. Read where it is installed: standard library only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

from sotto_engine.errors import SottoError
from sotto_lsp.commands.bundle.target import Target

INDEX_NAME = "bundle.json"
_FORMAT = 1


@dataclass(frozen=True)
class BundleIndex:
    """`wheels`: of each target, the file names that make a whole installation there."""

    version: str
    wheels: Mapping[Target, tuple[str, ...]]
    models: tuple[str, ...]

    def as_json(self) -> str:
        """What `from_json` reads back."""
        data = {
            "format": _FORMAT,
            "version": self.version,
            "models": self.models,
            "targets": [
                {"platform": target.platform, "python": target.python, "wheels": names}
                for target, names in sorted(self.wheels.items())
            ],
        }
        return json.dumps(data, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises SottoError for what is no index, or one of a later Sotto's."""
        try:
            data: Any = json.loads(text)
            if data["format"] != _FORMAT:
                raise SottoError(
                    f"{INDEX_NAME} has format {data['format']}, this Sotto reads {_FORMAT}; use its own Sotto."
                )
            targets = cast("list[dict[str, Any]]", data["targets"])
            return cls(
                str(data["version"]),
                {Target(each["platform"], each["python"]): tuple(each["wheels"]) for each in targets},
                tuple(data["models"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise SottoError(f"{INDEX_NAME} cannot be read ({error!r}); copy the bundle again.") from error

    def for_whom(self) -> str:
        """The targets in words."""
        return ", ".join(map(str, sorted(self.wheels)))
