"""Write the server's settings into the extension's package.json and into the table of docs/settings.md.

python editors/vscode/generate_settings.py
"""

import json
import re
from pathlib import Path

from sotto_lsp.settings import ROWS, SECTION, Row

PACKAGE = Path(__file__).with_name("package.json")
DOCS = Path(__file__).parents[2] / "docs" / "settings.md"
RUN = ("model", "actionCheckers")
"""Settings that name what is run: no workspace that the user does not trust may set them."""
_HEAD = "| setting | default | meaning |\n|---|---|---|\n"

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
    """The value of `contributes.configuration`."""
    served = {f"{SECTION}.{row.name}": _property(row) for row in ROWS.values()}
    return {"title": "Sotto", "properties": OWN | served}


def package_text() -> str:
    """package.json as it should be."""
    package = json.loads(PACKAGE.read_text())
    package["contributes"]["configuration"] = configuration()
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


def docs_text() -> str:
    """docs/settings.md as it should be."""
    rows = (f"| `{row.name}` | `{json.dumps(row.default)}` | {row.meaning} |\n" for row in ROWS.values())
    table = _HEAD + "".join(rows)
    return re.sub(re.escape(_HEAD) + r"(\|.*\n)*", lambda _: table, DOCS.read_text(encoding="utf-8"))


def _property(row: Row) -> dict[str, object]:
    scope = {"scope": "machine-overridable"} if row.name in RUN else {}
    words = f"{row.meaning[0].upper()}{row.meaning[1:]}."
    return {**row.schema, **scope, "markdownDescription": words}


if __name__ == "__main__":
    PACKAGE.write_text(package_text())
    DOCS.write_text(docs_text(), encoding="utf-8")
