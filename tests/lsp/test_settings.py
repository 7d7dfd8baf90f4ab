"""Settings: every wrong value gets one message that names it, and its default."""

import runpy
from pathlib import Path

import pytest

from sotto_lsp.actions.checkers.known_checkers import CHECKERS
from sotto_lsp.settings import ROWS, Settings, parse_settings

EDITORS = Path(__file__).parents[2] / "editors"

WRONG = {
    "standIn": "yes",
    "enabled": "yes",
    "model": 3,
    "fimFamily": [],
    "fimOrder": "middle-out",
    "threads": -1,
    "cacheMegabytes": 0,
    "maxTokens": 100_000,
    "budgetMs": "soon",
    "maxLines": -1,
    "comments": "no",
    "strings": 0,
    "mode": "loud",
    "temperature": 9,
    "minProbability": "high",
    "disabledLanguages": "python",
    "completion": "maybe",
    "codeActions": "on",
    "actionCandidates": 50,
    "actionPreview": 1,
    "actionCheckers": ["ruff", "rm"],
    "lookAhead": True,
    "unloadMinutes": -1,
    "warmStart": "always",
    "shareWeights": "yes",
    "actionsModel": 3,
    "saver": "on",
}


@pytest.mark.parametrize("name", ROWS)
def test_wrong_value_is_named_and_the_default_used(name):
    others = {"temperature": 1.5} if name != "temperature" else {"threads": 2}
    settings, (problem,) = parse_settings({name: WRONG[name], **others})
    assert f"sotto.{name} must be {ROWS[name].rule.complaint}" in problem
    attribute = ROWS[name].attribute
    assert getattr(settings, attribute) == getattr(Settings(), attribute)
    assert all(getattr(settings, other) == value for other, value in others.items()), "right values are used"


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_default_is_a_value_that_the_rule_allows(row):
    assert row.default is None or row.rule.allows(row.default)
    settings, problems = parse_settings({row.name: row.default})
    assert (settings, problems) == (Settings(), [])


@pytest.mark.parametrize("raw", [None, {}, {"sotto": {}}, {"sotto": None}])
def test_default_settings_where_nothing_is_sent(raw):
    settings, problems = parse_settings(raw)
    assert settings == Settings()
    assert not problems


def test_settings_under_the_section_name_are_found():
    assert parse_settings({"sotto": {"maxTokens": 7}})[0].max_tokens == 7


def test_later_source_goes_before_an_earlier_one():
    settings, _ = parse_settings({"maxTokens": 7, "budgetMs": 500}, {"sotto": {"maxTokens": 9}})
    assert (settings.max_tokens, settings.budget_ms) == (9, 500)


def test_unknown_name_and_wrong_shape_get_a_message():
    assert parse_settings({"maxToken": 7})[1] == ["The setting sotto.maxToken is unknown and ignored."]
    assert "must be an object" in parse_settings([1])[1][0]


def test_docs_and_extension_are_made_from_the_rows():
    """Else run `python editors/vscode/generate_settings.py`."""
    generated = runpy.run_path(str(EDITORS / "vscode" / "generate_settings.py"))
    assert generated["DOCS"].read_text(encoding="utf-8") == generated["docs_text"]()
    assert generated["PACKAGE"].read_text(encoding="utf-8") == generated["package_text"]()


def test_schema_says_what_the_rule_allows():
    schemas = {name: row.schema for name, row in ROWS.items()}
    assert schemas["maxTokens"] == {"type": "integer", "minimum": 1, "maximum": 512, "default": 64}
    assert schemas["minProbability"]["type"] == ["number", "null"]
    assert schemas["completion"]["enum"] == ["auto", "on", "off"]
    assert schemas["actionCheckers"]["items"] == {"type": "string", "enum": ["ruff", "pyright", "mypy"]}


def test_checkers_that_a_setting_may_name_are_the_known_ones():
    names = ROWS["actionCheckers"].schema["items"]["enum"]
    assert names == [checker.name for checker in CHECKERS]
