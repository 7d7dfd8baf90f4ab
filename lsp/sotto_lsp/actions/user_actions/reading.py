"""From the bytes of an actions file to definitions, with one sentence for each mistake in it.

The file may come with somebody else's project: it can name no command, and nothing in it is run.
"""

import tomllib
from collections.abc import Callable, Iterator
from typing import cast

from sotto_lsp.actions.checkers.known_checkers import CHECKER_NAMES, LANGUAGE
from sotto_lsp.actions.user_actions.definition import CHECKS, KINDS, Definition
from sotto_lsp.syntax.languages.registry import language_ids

MAX_NBYTES = 64 << 10
MAX_ACTIONS = 20
MAX_TITLE_CHARS = 60
MAX_INSTRUCTION_CHARS = 2000

Rule = Callable[[object], str | None]
"""None where the value is right, else what it must be."""


def read_definitions(data: bytes) -> tuple[list[Definition], list[str]]:
    """The actions without a mistake, in the file's order, and what is wrong with the others and with the file."""
    try:
        tables = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return [], [f"it is no TOML: {error}."]
    problems = [
        f"it has no use for {name!r}; each action is a table [[action]]." for name in tables if name != "action"
    ]
    rows = tables.get("action", [])
    if not isinstance(rows, list):
        return [], [*problems, "each action must be a table [[action]], with two brackets."]
    if len(cast("list[object]", rows)) > MAX_ACTIONS:
        problems.append(f"it has more than {MAX_ACTIONS} actions; the first {MAX_ACTIONS} are used.")
    definitions: dict[str, Definition] = {}
    for number, row in enumerate(cast("list[object]", rows)[:MAX_ACTIONS], 1):
        mistakes = list(_mistakes(row))
        if not mistakes:
            definition = _make_definition(cast("dict[str, object]", row))
            if definition.title not in definitions:
                definitions[definition.title] = definition
                continue
            mistakes = ["another action above has the same title."]
        problems += [f"action {number}{_name_row(row)}: {mistake}" for mistake in mistakes]
    return list(definitions.values()), problems


def _mistakes(row: object) -> Iterator[str]:
    if not isinstance(row, dict):
        yield "it must be a table [[action]]."
        return
    given = cast("dict[str, object]", row)
    for name in ("title", "instruction"):
        if name not in given:
            yield f"it has no {name}."
    for name, value in given.items():
        if name not in _RULES:
            yield f"{name!r} means nothing here; an action has {_listed(tuple(_RULES))}."
        elif (expected := _RULES[name](value)) is not None:
            yield f"{name} must be {expected}, not {_shown(value)}."
    if not _right_checkers(given.get("languages"), given.get("check")):
        named = _listed(tuple(map(_quoted, CHECKER_NAMES)))
        yield f"check must be without {named} where languages has more than Python, which is all they know."


def _make_definition(row: dict[str, object]) -> Definition:
    values = {
        name: tuple(cast("list[str]", value)) if isinstance(value, list) else value for name, value in row.items()
    }
    instruction = cast("str", values["instruction"]).strip()
    return Definition(**{**values, "instruction": instruction})  # pyright: ignore[reportArgumentType] - as the rules say


def _title(value: object) -> str | None:
    right = isinstance(value, str) and value.strip() == value and 0 < len(value) <= MAX_TITLE_CHARS
    # Not printable are also the signs that turn the direction of writing, by which one title could look like another.
    if right and cast("str", value).isprintable() and "{" not in cast("str", value):
        return None
    return f"one line of 1 to {MAX_TITLE_CHARS} characters, without braces and blanks around it"


def _instruction(value: object) -> str | None:
    right = isinstance(value, str) and 0 < len(value.strip()) <= MAX_INSTRUCTION_CHARS
    return None if right else f"a text of 1 to {MAX_INSTRUCTION_CHARS} characters"


def _one_of(*choices: str) -> Rule:
    return lambda value: None if value in choices else " or ".join(f'"{choice}"' for choice in choices)


def _some_of(choices: tuple[str, ...], more: str = "") -> Rule:
    def rule(value: object) -> str | None:
        items = cast("list[object]", value) if isinstance(value, list) else []
        right = bool(items) and all(isinstance(item, str) and item in choices for item in items)
        return None if right else f"a list of {_listed(tuple(map(_quoted, choices)))}{more}"

    return rule


def _languages(value: object) -> str | None:
    return _some_of(language_ids(), ", where answers can be checked")(value)


def _right_checkers(languages: object, check: object) -> bool:
    """Whether only Python is given to the checkers, which know no other language."""
    named = cast("list[object]", check) if isinstance(check, list) else []
    return languages in (None, [LANGUAGE]) or not any(name in named for name in CHECKER_NAMES)


_RULES: dict[str, Rule] = {
    "title": _title,
    "kind": _one_of(*KINDS),
    "languages": _languages,
    "instruction": _instruction,
    "check": _some_of(CHECKS, " (commands are never run)"),
}


def _quoted(text: str) -> str:
    return f'"{text}"'


def _listed(names: tuple[str, ...]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _name_row(row: object) -> str:
    title = cast("dict[str, object]", row).get("title") if isinstance(row, dict) else None
    return f" ({_shown(title)})" if isinstance(title, str) else ""


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 40 else text[:37] + "..."
