"""The suffix that the model reads stays while it is nearly the text after the cursor."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fakes import make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.request import FillInRequest, Limits
from sotto_lsp.completion.suffixes import FrozenSuffixes, is_near, without_closers

URI = "file:///a.py"
SUFFIX = "\n" + "".join(f"    name_{number} = value_{number}\n" for number in range(40))


def test_suffix_is_kept_while_less_than_a_tenth_has_changed():
    suffixes = FrozenSuffixes()
    assert suffixes.nearest(URI, SUFFIX) == SUFFIX
    for changed in (
        SUFFIX.replace("value_1\n", "other\n"),
        SUFFIX.replace("    name_2 = value_2\n", "    name_2 = value_2 + 1\n"),
        SUFFIX.replace(" = value_3\n", "\n"),
        SUFFIX[:-20],
    ):
        assert changed != SUFFIX
        assert suffixes.nearest(URI, changed) == SUFFIX
        assert not suffixes.is_exact(URI, changed)


@pytest.mark.parametrize(
    "changed",
    [
        SUFFIX[1:],
        "x" + SUFFIX,
        SUFFIX.replace("    name_1 = value_1\n", ""),
        SUFFIX.replace("    name_1 = value_1\n", "    name_1 = value_1\n    x = y\n"),
        "",
        "\n",
    ],
)
def test_suffix_is_new_with_another_first_token_or_more_changes(changed):
    suffixes = FrozenSuffixes()
    suffixes.nearest(URI, SUFFIX)
    assert suffixes.nearest(URI, changed) == changed


def test_small_changes_do_not_add_up():
    suffixes, text, asked = FrozenSuffixes(), SUFFIX, []
    for number in range(8):
        text = text.replace(f"value_{number}\n", f"other_{number}\n")
        asked.append(suffixes.nearest(URI, text))
    assert asked[0] != SUFFIX, "each is compared with the one that is kept, not with the one before"
    assert len(set(asked)) == 2


def test_short_suffix_is_kept_only_unchanged():
    suffixes = FrozenSuffixes()
    suffixes.nearest(URI, "\n    return a\n")
    assert suffixes.nearest(URI, "\n    return b\n") == "\n    return b\n"


def test_closers_after_the_cursor_are_no_change():
    suffixes = FrozenSuffixes()
    suffixes.nearest(URI, SUFFIX)
    assert suffixes.nearest(URI, ")" + SUFFIX.replace("value_1\n", "other\n")) == SUFFIX


@pytest.mark.parametrize(
    ("suffix", "seen"),
    [
        (")\nd", "\nd"),
        ('"):\nd', "\nd"),
        ("]}) \nd", "\nd"),
        (") + 1\nd", ") + 1\nd"),
        ("\nd", "\nd"),
        (")", ""),
    ],
)
def test_closers_after_the_cursor_are_left_out_of_the_prompt(suffix, seen):
    assert without_closers(suffix) == FrozenSuffixes().nearest(URI, suffix) == seen


def test_closer_of_the_editor_costs_no_prefill_of_the_suffix():
    engine, suffixes = make_engine(), FrozenSuffixes()
    text, after = "def f(x):\n    y = 1\n" * 20, "\n\nend = 1\n" * 20
    limits = Limits(max_tokens=2)
    run_steps(engine.complete(FillInRequest(text, suffixes.nearest(URI, after), limits=limits), CancelFlag()))
    for typed, closed in (("g(", ")"), ("g([", "])"), ('g(["', '"])')):
        request = FillInRequest(text + typed, suffixes.nearest(URI, closed + after), limits=limits)
        done = run_steps(engine.complete(request, CancelFlag()))
        assert done.num_prompt_tokens - done.num_cached_tokens <= 8


def test_suffixes_of_the_latest_places_are_kept():
    suffixes = FrozenSuffixes()
    places = [f"\n{number}{SUFFIX}".replace("name", f"name{number}") for number in range(9)]
    for place in places:
        suffixes.nearest(URI, place)
    assert [suffixes.is_exact(URI, place) for place in places] == [False] + 8 * [True]
    assert not suffixes.is_exact("file:///b.py", places[-1])
    suffixes.forget(URI)
    assert not suffixes.is_exact(URI, places[-1])


def test_renewed_suffix_replaces_those_near_it():
    suffixes, changed = FrozenSuffixes(), SUFFIX.replace("value_1\n", "other\n")
    suffixes.nearest(URI, SUFFIX)
    suffixes.renew(URI, changed)
    assert suffixes.is_exact(URI, changed) and not suffixes.is_exact(URI, SUFFIX)
    assert suffixes.nearest(URI, SUFFIX) == changed


def naive_distance(before, after):
    rows = list(range(len(after) + 1))
    for number, token in enumerate(before, 1):
        last, rows = rows, [number]
        for column, other in enumerate(after, 1):
            rows.append(min(last[column] + 1, rows[-1] + 1, last[column - 1] + (token != other)))
    return min(rows)


@given(st.lists(st.tuples(st.sampled_from("idr"), st.integers(1, 60), st.sampled_from(["x", "b", "="])), max_size=8))
def test_near_equals_the_whole_table_of_edit_distances(edits):
    tokens = re.findall(r"\w", "abcdefghij" * 7)
    changed = list(tokens)
    for kind, where, token in edits:
        changed[where : where + (kind != "i")] = [] if kind == "d" else [token]
    joined = [";".join(text) for text in (tokens, changed)]
    pairs = [re.findall(r"\w|.", text) for text in joined]
    assert is_near(*joined) == (naive_distance(pairs[0][:50], pairs[1][:54]) <= 4)
