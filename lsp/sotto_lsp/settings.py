"""The user's settings: their names, types and defaults, and the reading of what a client sends.

A wrong value never stops the server: it gets one message that names it, and the default is used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from sotto_engine.request import PREFIX_FIRST, FimOrder
from sotto_lsp.actions.checkers.known_checkers import CHECKER_NAMES

SECTION = "sotto"
"""The section of workspace/configuration, and the optional outer key of initializationOptions."""


@dataclass(frozen=True)
class Settings:
    """Everything a user can set, under these names. `docs/settings.md` says the same in words."""

    enabled: bool = True
    """False: every request is answered with nothing, and no model is loaded."""
    model: str = ""
    """Folder of another model; empty: the embedded one."""
    fimFamily: str = ""  # noqa: N815 - the names are what users write in JSON
    fimOrder: str = ""  # noqa: N815
    threads: int = 0
    """0: one for each physical core."""
    cacheMegabytes: int = 256  # noqa: N815
    maxTokens: int = 64  # noqa: N815
    """Longest suggestion, in tokens."""
    budgetMs: int = 1000  # noqa: N815
    """What is ready this long after the request is shown; the rest is left."""
    multiline: bool = True
    """False: never more than one line."""
    temperature: float = 0.0
    """0: always the most probable text."""
    minProbability: float | None = None  # noqa: N815
    """Lines that the model gives less are not shown unasked; None: as its manifest says, 0: everything is shown."""
    unloadMinutes: int = 60  # noqa: N815
    """Without work for so long, the model's memory is given back; 0: never."""
    lookAhead: str = "auto"  # noqa: N815
    """What comes behind the suggestion on the screen and the prompt of the place where the cursor probably is are
    computed while the machine is idle: `on`, `off`, `auto` (not on battery)."""
    warmStart: str = "auto"  # noqa: N815
    """Prompts are kept on disk, for this project's next start: `on`, `off`, `auto` (of large models only)."""
    shareWeights: bool = True  # noqa: N815
    """A large model's weights are kept on disk as its kernels want them, for all windows to map."""
    disabledLanguages: tuple[str, ...] = ()  # noqa: N815
    """Language ids without suggestions, as the editor names them."""
    codeActions: bool = True  # noqa: N815
    """False: no code action is offered."""
    actionCandidates: int = 5  # noqa: N815
    """Answers the model is asked for before the best that passes the checks is taken."""
    actionCheckers: tuple[str, ...] = ()  # noqa: N815
    """The project's own tools that may be run on an answer: `ruff`, `pyright`, `mypy`."""
    actionPreview: bool = False  # noqa: N815
    """True: the editor asks before it makes an action's edit, where it can."""
    completion: str = "auto"
    """Suggestions in the completion list too: `on`, `off`, `auto` (only where the client has no ghost text)."""


def parse_settings(*sources: object) -> tuple[Settings, list[str]]:
    """Settings out of a client's JSON, a later source before an earlier one.

    With one sentence for each value that was not used.
    """
    values: dict[str, object] = {}
    problems: list[str] = []
    for source in sources:
        if isinstance(source, Mapping):
            mapping = cast("Mapping[str, object]", source)
            inner = mapping.get(SECTION, mapping)
            values |= cast("Mapping[str, object]", inner) if isinstance(inner, Mapping) else {}
        elif source is not None:
            problems.append(f"The settings must be an object, not {_shown(source)}; the defaults are used.")
    known = {field.name: field.default for field in fields(Settings)}
    accepted: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            problems.append(f"The setting {SECTION}.{name} is unknown and ignored.")
        elif value is None:
            continue
        elif (expected := _RULES[name](value)) is None:
            accepted[name] = tuple(cast("list[str]", value)) if isinstance(value, list) else value
        else:
            default = known[name] or '""'
            problems.append(
                f"The setting {SECTION}.{name} must be {expected}, not {_shown(value)}; "
                f"the default ({default}) is used."
            )
    return Settings(**accepted), problems


Rule = Callable[[object], str | None]
"""None where the value is right, else what it must be."""


def _boolean(value: object) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _text(value: object) -> str | None:
    return None if isinstance(value, str) else "a string"


def _texts(value: object) -> str | None:
    is_list = isinstance(value, list) and all(isinstance(item, str) for item in cast("list[object]", value))
    return None if is_list else "a list of strings"


def _texts_of(*choices: str) -> Rule:
    def rule(value: object) -> str | None:
        right = _texts(value) is None and set(cast("list[str]", value)) <= set(choices)
        return None if right else "a list of " + ", ".join(repr(choice) for choice in choices)

    return rule


def _whole(low: int, high: int) -> Rule:
    def rule(value: object) -> str | None:
        right = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return None if right else f"a whole number from {low} to {high}"

    return rule


def _number(low: float, high: float) -> Rule:
    def rule(value: object) -> str | None:
        right = isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
        return None if right else f"a number from {low:g} to {high:g}"

    return rule


def _one_of(*choices: str) -> Rule:
    def rule(value: object) -> str | None:
        return None if value in choices else "one of " + ", ".join(repr(choice) for choice in choices)

    return rule


_RULES: dict[str, Rule] = {
    "enabled": _boolean,
    "model": _text,
    "fimFamily": _text,
    "fimOrder": _one_of("", *(order.value for order in FimOrder), PREFIX_FIRST),
    "threads": _whole(0, 256),
    "cacheMegabytes": _whole(1, 1 << 20),
    "maxTokens": _whole(1, 512),
    "budgetMs": _whole(20, 60_000),
    "multiline": _boolean,
    "temperature": _number(0, 2),
    "minProbability": _number(0, 1),
    "disabledLanguages": _texts,
    "codeActions": _boolean,
    "actionCandidates": _whole(1, 8),
    "actionCheckers": _texts_of(*CHECKER_NAMES),
    "actionPreview": _boolean,
    "completion": _one_of("auto", "on", "off"),
    "unloadMinutes": _whole(0, 100_000),
    "lookAhead": _one_of("auto", "on", "off"),
    "warmStart": _one_of("auto", "on", "off"),
    "shareWeights": _boolean,
}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
