"""Write the settings that the server knows into the extension's package.json, with the words of docs/settings.md.

python editors/vscode/generate_settings.py

Types and limits are read from what the server says about a wrong value, so they are what it accepts.
"""

import json
import re
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from sotto_lsp.settings import SECTION, Settings, parse_settings

PACKAGE = Path(__file__).with_name("package.json")
DOCS = Path(__file__).parents[2] / "docs" / "settings.md"

OWN = {
    "sotto.server.path": {
        "type": "string",
        "default": "",
        "scope": "machine-overridable",
        "markdownDescription": "The program `sotto`; empty: the one in the workspace's `.venv`, or on the `PATH`.",
    },
    "sotto.server.python": {
        "type": "string",
        "default": "",
        "scope": "machine-overridable",
        "markdownDescription": "A Python that has Sotto installed, run with `-m sotto_lsp`; "
        "`#sotto.server.path#` goes before it.",
    },
    "sotto.languages": {
        "type": "array",
        "items": {"type": "string"},
        "default": ["python"],
        "markdownDescription": "Language ids that are served. The embedded model knows Python.",
    },
}
"""The extension's own settings, which the server never sees."""


def configuration() -> dict[str, object]:
    """The value of `contributes.configuration`. Raises KeyError for a setting that docs/settings.md lacks."""
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| .*? \| (.*) \|$", DOCS.read_text()))
    ours = {f"{SECTION}.{field.name}": _property(field, rows[field.name]) for field in fields(Settings)}
    return {"title": "Sotto", "properties": OWN | ours}


def _property(field: Field[Any], words: str) -> dict[str, object]:
    default = list(field.default) if isinstance(field.default, tuple) else field.default
    schema = _schema(field.name)
    if default is None:
        schema["type"] = [schema["type"], "null"]
    if field.name in ("model", "actionCheckers"):  # what they name is run
        schema["scope"] = "machine-overridable"
    return {**schema, "default": default, "markdownDescription": words[0].upper() + words[1:] + "."}


def _schema(name: str) -> dict[str, object]:
    _, (problem,) = parse_settings({name: {}})
    expected = problem.split(" must be ")[1].split(", not {")[0]
    if expected.startswith("one of "):
        return {"type": "string", "enum": re.findall(r"'(.*?)'", expected)}
    if limits := re.fullmatch(r"a (whole )?number from (\S+) to (\S+)", expected):
        whole, low, high = limits.groups()
        return {"type": "integer" if whole else "number", "minimum": int(low), "maximum": int(high)}
    if expected.startswith("a list of '"):
        items = {"type": "string", "enum": re.findall(r"'(.*?)'", expected)}
        return {"type": "array", "items": items, "uniqueItems": True}
    return {
        "true or false": {"type": "boolean"},
        "a string": {"type": "string"},
        "a list of strings": {"type": "array", "items": {"type": "string"}},
    }[expected]


def package_text() -> str:
    """package.json as it should be."""
    package = json.loads(PACKAGE.read_text())
    package["contributes"]["configuration"] = configuration()
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PACKAGE.write_text(package_text())
