"""Where a completion ends. `│` marks the cursor in the line, `┤` the end that is expected."""

import pytest

from sotto_engine.decode.stop import StopRule, find_end_of_block, find_end_of_line
from sotto_engine.request import FinishReason, StopAt

BLOCKS = {
    "a line below the cursor's indentation ends it": "    x = │1\n    y = 2┤\nprint(x)\n",
    "the cursor's own indentation goes on": "    │x = 1\n    y = 2\n    return y┤\nz",
    "a block opener ends at its own indentation": "if a:│\n    b()┤\nc()\n",
    "an opener that is being written, too": "if │a:\n    b()┤\nc()\n",
    "a closing bracket belongs to the block it closes": "f(│\n    1,\n)┤\n\n",
    "a blank line after text ends it": "│x = 1┤\n\ny = 2\n",
    "deeper lines belong to it": "│for x in y:\n    if x:\n        z()┤\nq",
}


@pytest.mark.parametrize("case", BLOCKS.values(), ids=BLOCKS)
def test_block_ends(case):
    line_prefix, rest = case.split("│")
    expected, after = rest.split("┤")
    text = expected + after
    end = find_end_of_block(text, line_prefix)
    assert text[:end] == expected


def test_block_that_may_go_on_has_no_end_yet():
    assert find_end_of_block("x = 1\n", "    ") is None
    assert find_end_of_block("x = 1\n   ", "    ") is None, "its indentation is not finished"


def test_line_is_the_first_that_holds_text():
    assert find_end_of_line("\n    x = 1\ny") == len("\n    x = 1")
    assert find_end_of_line("x = 1") is None
    assert find_end_of_line("\n\n") is None


def test_earliest_rule_wins():
    rule = StopRule(StopAt.LINE, ("2",), "")
    cut = rule.cut("x = 12\n")
    assert cut is not None and (cut.length, cut.reason) == (5, FinishReason.STOP_STRING)


def test_text_that_may_begin_a_stop_is_not_sent_yet():
    rule = StopRule(StopAt.BUDGET, ("END",), "")
    assert rule.settled("abEN") == 2
    assert rule.settled("abENx") == 5
    assert StopRule(StopAt.LINE, (), "").settled("ab\n  ") == 2
