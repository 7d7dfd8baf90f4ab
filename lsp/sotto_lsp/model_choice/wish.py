"""What an editor asks for: the model's name or source, as the arguments of its command say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sotto_engine.errors import SottoError


@dataclass(frozen=True)
class Wish:
    """name: of the catalogue, or what to call it; source: what `sotto models add` is given, "" for the catalogue."""

    name: str
    source: str

    @property
    def title(self) -> str:
        return self.name or self.source

    @property
    def command(self) -> list[str]:
        """What `sotto` is run with."""
        if not self.source:
            return ["models", "get", "--json", "--", self.name]
        named = [f"--name={self.name}"] if self.name else []
        return ["models", "add", "--json", *named, "--", self.source]


def parse_options(arguments: Sequence[Any] | None) -> dict[str, Any]:
    """The one object that the commands take; an empty one where there is none."""
    given: object = arguments[0] if arguments else None
    return cast("dict[str, Any]", given) if isinstance(given, dict) else {}


def parse_name(arguments: Sequence[Any] | None) -> str:
    """Of a model that there is: alone, as Helix sends it, or in an object. Raises SottoError."""
    given: object = arguments[0] if arguments else None
    name = given if isinstance(given, str) else parse_options(arguments).get("name")
    if not isinstance(name, str) or not name:
        raise SottoError('The command names no model; give it {"name": NAME}.')
    return name


def parse_wish(arguments: Sequence[Any] | None) -> Wish:
    """Raises SottoError."""
    options = parse_options(arguments)
    given: object = arguments[0] if arguments else None
    name, source = (given, "") if isinstance(given, str) else (options.get("name", ""), options.get("source", ""))
    if not isinstance(name, str) or not isinstance(source, str) or not (name or source):
        raise SottoError('The command names no model; give it {"name": NAME} or {"source": FILE}.')
    return Wish(name, source)
