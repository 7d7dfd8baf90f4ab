"""The prompt of the place where the cursor probably is has been computed when the first key comes. Counted."""

import time

import pytest

from e2e.raw_client import EVERYTHING

CODE = "".join(
    f"def step_{number}(values):\n    total = sum(values) + {number}\n    return total\n\n\n" for number in range(60)
)
PLACE = CODE.index("\n", len(CODE) // 2)
URI = "file:///project/steps.py"


@pytest.fixture
def open_editor(start_server):
    def open_editor(look_ahead="on", **settings):
        editor = start_server()
        editor.initialize(initializationOptions=EVERYTHING | {"lookAhead": look_ahead} | settings)
        editor.open_text(CODE, URI)
        return editor

    return open_editor


def first_key(editor, where):
    """`(its answer, prompt tokens that had to be computed for it, all prompt tokens)` of the first question."""
    ghost = editor.ghost(where)
    metrics = editor.metrics()
    assert metrics["num_completions"] == 1
    return ghost, metrics["num_prompt_tokens"] - metrics["num_cached_tokens"], metrics["num_prompt_tokens"]


def look_at(editor, where, kind):
    params = {
        "textDocument": {"uri": URI},
        "range": {"start": editor.position(where), "end": editor.position(where)},
        "context": {"diagnostics": [], "triggerKind": kind},
    }
    editor.request("textDocument/codeAction", params)


@pytest.mark.parametrize("how", ["opened", "edited", "cursor moved"])
def test_first_key_finds_its_prompt_computed(open_editor, how):
    editor, plain = open_editor(), open_editor("off")
    num_ahead, where = editor.wait_ahead(0), len(CODE)
    if how == "edited":
        where = editor.type("\n    print(tot", PLACE)
        plain.type("\n    print(tot", PLACE)
    elif how == "cursor moved":
        where = PLACE
        look_at(editor, where, kind=2)
    if how != "opened":
        editor.wait_ahead(num_ahead)
    ghost, num_computed, num_prompt = first_key(editor, where)
    assert (ghost, num_prompt, num_prompt) == first_key(plain, where)
    assert num_computed == 2 < num_prompt / 20
    assert plain.metrics()["num_ahead_tokens"] == 0


def test_opened_file_knows_every_place_with_the_prefix_first(start_server):
    editor = start_server()
    editor.initialize(initializationOptions=EVERYTHING | {"lookAhead": "on", "fimOrder": "anchored"})
    text = CODE[: 2 * len(CODE) // 5]
    editor.open_text(text, URI)
    editor.wait_ahead(0)
    where = text.rindex("\n    return")
    _, num_computed, num_prompt = first_key(editor, where)
    assert num_computed < num_prompt / 3, "only the suffix and what stands after the anchor"


def test_typing_along_prefetches_only_what_follows(open_editor):
    editor = open_editor()
    num_ahead = editor.wait_ahead(0)
    editor.type("def mean(values):\n    return su")
    num_ahead = editor.wait_ahead(num_ahead)
    ghost = editor.ghost()
    where = editor.type(ghost[:1])
    look_at(editor, where, kind=2)
    deadline = time.monotonic() + 60
    while editor.metrics()["num_ahead"] < 1:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert editor.metrics()["num_ahead_tokens"] == num_ahead


def test_disabled_language_costs_nothing(open_editor):
    editor = open_editor(disabledLanguages=["rust"])
    num_ahead = editor.wait_ahead(0)
    editor.open_text("fn main() {\n" * 40, "file:///project/a.rs", "rust")
    editor.type("x = 1")
    editor.open("file:///project/b.py", "def main():\n" * 40)
    assert 0 < editor.wait_ahead(num_ahead) - num_ahead < 400
