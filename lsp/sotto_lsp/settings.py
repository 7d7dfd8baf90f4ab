"""The settings, a row each: name, default, rule and meaning. And the reading of what a client sends.

A wrong value never stops the server: one message names it, and its default is used. The table in docs/settings.md and
the settings of the VS Code extension are made from the rows (editors/vscode/generate_settings.py).
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, cast

from sotto_engine.request import PREFIX_FIRST, FimOrder

SECTION = "sotto"
"""The section of workspace/configuration, and the optional outer key of initializationOptions."""


@dataclass(frozen=True)
class Rule:
    """What a value may be. complaint: in words, after "must be". schema: as JSON schema."""

    complaint: str
    schema: Mapping[str, object]
    allows: Callable[[object], bool]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(low: int, high: int) -> Rule:
    schema = {"type": "number", "minimum": low, "maximum": high}
    return Rule(
        f"a number from {low} to {high}",
        schema,
        lambda each: _is_number(each) and low <= cast("float", each) <= high,
    )


def _whole(low: int, high: int) -> Rule:
    number = _number(low, high)
    return Rule(
        f"a whole {number.complaint[2:]}",
        {**number.schema, "type": "integer"},
        lambda each: isinstance(each, int) and number.allows(each),
    )


def _one_of(*choices: str) -> Rule:
    return Rule(
        "one of " + ", ".join(map(repr, choices)),
        {"type": "string", "enum": list(choices)},
        lambda each: each in choices,
    )


def _texts(*choices: str) -> Rule:
    """A list of strings, of the choices if there are any."""

    def allows(value: object) -> bool:
        items = cast("list[object]", value) if isinstance(value, list) else [None]
        return all(isinstance(each, str) and (not choices or each in choices) for each in items)

    if not choices:
        return Rule("a list of strings", {"type": "array", "items": {"type": "string"}}, allows)
    items = {"type": "string", "enum": list(choices)}
    schema = {"type": "array", "items": items, "uniqueItems": True}
    return Rule("a list of " + ", ".join(map(repr, choices)), schema, allows)


_BOOLEAN = Rule("true or false", {"type": "boolean"}, lambda each: isinstance(each, bool))
_TEXT = Rule("a string", {"type": "string"}, lambda each: isinstance(each, str))
_SWITCH = _one_of("auto", "on", "off")


def _row(default: object, rule: Rule, meaning: str) -> Any:  # noqa: ANN401 - the type of its field
    """A setting. `meaning`: Markdown for users, which begins with a small letter and ends without a full stop."""
    return field(default=default, metadata={"rule": rule, "meaning": meaning})


@dataclass(frozen=True)
class Settings:
    """Everything a user can set. A client writes the names in camelCase: `maxTokens`."""

    enabled: bool = _row(True, _BOOLEAN, "`false`: every request is answered with nothing, and no model is loaded")
    model: str = _row(
        "",
        _TEXT,
        "another model's folder, or its name in `sotto models list`; empty: the one that `sotto models use` chose, "
        "or else the embedded one",
    )
    stand_in: bool = _row(
        True,
        _BOOLEAN,
        "until a larger model has read what stands around the cursor, the embedded one answers; `false`: nobody does",
    )
    actions_model: str = _row(
        "",
        _TEXT,
        "another model for code actions, as in `model`: it is loaded when you first use one, and unloaded after five "
        "minutes; empty: the same one",
    )
    saver: str = _row(
        "off",
        _one_of("auto", "off"),
        '`"auto"`: on battery, and while memory is short, the embedded model takes the place of a larger one',
    )
    fim_family: str = _row(
        "", _TEXT, "how the model's fill-in-the-middle tokens are spelled; empty: as its manifest says"
    )
    fim_order: str = _row(
        "",
        _one_of("", *(order.value for order in FimOrder), PREFIX_FIRST),
        "`suffix-first`, or `anchored` for prefix, suffix, middle (`prefix-first` is the same); "
        "empty: as its manifest says",
    )
    threads: int = _row(0, _whole(0, 256), "threads of the model; 0: one for each physical core")
    cache_megabytes: int = _row(256, _whole(1, 1 << 20), "memory for the KV caches of all places in all files")
    max_tokens: int = _row(64, _whole(1, 512), "longest suggestion, in tokens")
    budget_ms: int = _row(
        1000,
        _whole(20, 60_000),
        "what is ready this long after the request is shown; after a quarter of it a suggestion ends with its line",
    )
    max_lines: int = _row(0, _whole(0, 100), "most lines of a suggestion; `0`: as many as its block has")
    comments: bool = _row(True, _BOOLEAN, "`false`: nothing is suggested inside comments and docstrings")
    strings: bool = _row(True, _BOOLEAN, "`false`: nothing is suggested inside strings")
    mode: str = _row(
        "normal",
        _one_of("quiet", "normal", "eager"),
        "how sure the model must be of a line that you did not ask for: `quiet`, `normal`, `eager`",
    )
    temperature: float = _row(0.0, _number(0, 2), "0: always the most probable text; higher: more varied")
    min_probability: float | None = _row(
        None,
        _number(0, 1),
        "lines that the model itself gives less are shown only when you ask for them; `null`: as `mode` says; "
        "`0`: everything is shown",
    )
    code_actions: bool = _row(True, _BOOLEAN, "`false`: no code action is offered")
    action_candidates: int = _row(
        5, _whole(1, 8), "answers the model is asked for before the likeliest that passes the checks is taken"
    )
    action_checkers: tuple[str, ...] = _row(
        (),
        _texts("ruff", "pyright", "mypy"),
        'the project\'s own tools that check an answer before it is offered: `"ruff"`, `"pyright"`, `"mypy"`; '
        "the one in the workspace's `.venv` goes first, so allow them only for projects that you trust",
    )
    action_preview: bool = _row(
        False, _BOOLEAN, "`true`: the editor shows an action's edit and asks before it makes it, where it can"
    )
    unload_minutes: int = _row(
        60,
        _whole(0, 100_000),
        "without work for so long, the model's memory is given back; the next request loads it again. `0`: never",
    )
    look_ahead: str = _row(
        "auto",
        _SWITCH,
        "compute what you will probably ask for next, while nothing else is asked: after the suggestion on the "
        'screen, at the cursor\'s next place, for an open action menu: `"on"`, `"off"`, `"auto"` (not on battery)',
    )
    warm_start: str = _row(
        "auto",
        _SWITCH,
        'keep this workspace\'s last prompts on disk for the next start: `"on"`, `"off"` (what was kept is '
        'deleted), `"auto"` (with models above 64 MB)',
    )
    share_weights: bool = _row(
        True,
        _BOOLEAN,
        "keep the weights of a model above 64 MB on disk as the processor wants them, about 2.2 times its size: all "
        "windows share one copy in memory. `false`: each window has its own, and the file is deleted",
    )
    disabled_languages: tuple[str, ...] = _row(
        (), _texts(), "language ids without suggestions, as the editor names them"
    )
    completion: str = _row(
        "auto",
        _SWITCH,
        'suggestions in the completion list too: `"on"`, `"off"`, `"auto"` (only where the client does not '
        "say that it has ghost text)",
    )


@dataclass(frozen=True)
class Row:
    """name: as a client writes it. attribute: of `Settings`. default: in JSON."""

    name: str
    attribute: str
    default: object
    rule: Rule
    meaning: str

    @classmethod
    def of(cls, each: Field[Any]) -> "Row":
        name = re.sub("_(.)", lambda match: match[1].upper(), each.name)
        return cls(name, each.name, json.loads(json.dumps(each.default)), **each.metadata)

    @property
    def schema(self) -> dict[str, object]:
        """JSON schema of the setting."""
        schema = dict(self.rule.schema)
        if self.default is None:
            schema["type"] = [schema["type"], "null"]
        return {**schema, "default": self.default}


ROWS = {row.name: row for row in map(Row.of, fields(Settings))}
"""By the names that clients write."""


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
            problems.append(f"The settings must be an object, not {_shorten(source)}; the defaults are used.")
    accepted: dict[str, Any] = {}
    for name, value in values.items():
        if (row := ROWS.get(name)) is None:
            problems.append(f"The setting {SECTION}.{name} is unknown and ignored.")
        elif value is None:
            continue
        elif row.rule.allows(value):
            accepted[row.attribute] = tuple(cast("list[str]", value)) if isinstance(value, list) else value
        else:
            problems.append(
                f"The setting {SECTION}.{name} must be {row.rule.complaint}, not {_shorten(value)}; "
                f"the default ({json.dumps(row.default)}) is used."
            )
    return Settings(**accepted), problems


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
