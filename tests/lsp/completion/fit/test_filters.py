"""The golden cases of tests/golden/filters.txt, and what must hold for any text."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sotto_lsp.completion.filters import FILTERS, apply_filters
from sotto_lsp.completion.filters.surroundings import Surroundings

GOLDEN = Path(__file__).parents[3] / "golden" / "filters.txt"
TEXTS = st.text(alphabet="ab()[]{}:'\" \n\t#", max_size=60)


def golden_cases():
    for case in GOLDEN.read_text(encoding="utf-8").split("\n=== ")[1:]:
        title, body = case.split("\n", 1)
        drawn, shown = body.split("\n---\n") if "\n---\n" in body else (body.split("\n---")[0], "")
        yield pytest.param(title, drawn, shown.rstrip("\n"), id=title)


def split(drawing):
    prefix, rest = drawing.split("├")
    text, suffix = rest.split("┤")
    return prefix, text, suffix


@pytest.mark.parametrize(("title", "drawn", "shown"), list(golden_cases()))
def test_filters_leave_what_the_golden_cases_show(title, drawn, shown):
    prefix, text, suffix = split(drawn)
    filtered = apply_filters(text, Surroundings(prefix, suffix, "(cut off)" in title))
    expected = split(shown)[1].rstrip() if shown else ""
    assert filtered.text == expected
    names = {filter_.__name__.replace("_", "-") for filter_ in FILTERS}
    named = title.split(":")[0].replace("_", "-")
    assert (named in names) == bool(filtered.reasons)
    if filtered.reasons:
        assert named in filtered.reasons


@given(TEXTS, TEXTS, TEXTS, st.booleans())
def test_filters_only_shorten(prefix, text, suffix, is_cut_off):
    filtered = apply_filters(text, Surroundings(prefix, suffix, is_cut_off))
    assert text.startswith(filtered.text)
    assert (filtered.text != text) == bool(filtered.reasons)
