"""Settings: every wrong value gets one message that names it, and its default."""

import dataclasses
import re
from pathlib import Path

import pytest

from sotto_lsp.settings import Settings, parse_settings

DOCS = Path(__file__).parent.parent.parent / "docs" / "settings.md"

WRONG = {
    "enabled": "yes",
    "model": 3,
    "fimFamily": [],
    "fimOrder": "middle-out",
    "threads": -1,
    "cacheMegabytes": 0,
    "maxTokens": 100_000,
    "budgetMs": "soon",
    "multiline": 1,
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
}


def test_every_setting_has_a_wrong_value_in_this_test():
    assert set(WRONG) == {field.name for field in dataclasses.fields(Settings)}


@pytest.mark.parametrize(("name", "value"), WRONG.items())
def test_a_wrong_value_is_named_and_the_default_used(name, value):
    settings, problems = parse_settings({name: value, "temperature": value if name == "temperature" else 1.5})
    assert len(problems) == 1 and f"sotto.{name} " in problems[0]
    assert getattr(settings, name) == getattr(Settings(), name)
    assert name == "temperature" or settings.temperature == 1.5, "the right values beside it are used"


@pytest.mark.parametrize("raw", [None, {}, {"sotto": {}}, {"sotto": None}])
def test_nothing_means_the_defaults(raw):
    settings, problems = parse_settings(raw)
    assert settings == Settings()
    assert not problems


def test_settings_under_our_own_name_are_found():
    assert parse_settings({"sotto": {"maxTokens": 7}})[0].maxTokens == 7


def test_what_is_said_later_goes_before_what_was_said_first():
    settings, _ = parse_settings({"maxTokens": 7, "budgetMs": 500}, {"sotto": {"maxTokens": 9}})
    assert (settings.maxTokens, settings.budgetMs) == (9, 500)


def test_unknown_names_and_wrong_shapes_are_said():
    assert parse_settings({"maxToken": 7})[1] == ["The setting sotto.maxToken is unknown and ignored."]
    assert "must be an object" in parse_settings([1])[1][0]


def test_the_documentation_names_every_setting_with_its_default():
    rows = dict(re.findall(r"\| `(\w+)` \| `?([^|`]*)`? \|", DOCS.read_text(encoding="utf-8")))
    for field in dataclasses.fields(Settings):
        shown = {True: "true", False: "false", "": '""', (): "[]", None: "null"}
        default = field.default
        text = shown[default] if isinstance(default, (bool, tuple)) or default in ("", None) else str(default)
        text = f'"{text}"' if isinstance(default, str) and default else text
        assert rows[field.name].strip() == text, field.name
