"""What is told of an answer in words: what the model thought is not, nor half a sentence."""

import pytest

from lsp.scripted_model import completion
from sotto_engine.request import FinishReason
from sotto_lsp.actions.explanation import read_explanation


@pytest.mark.parametrize(
    ("text", "reason", "told"),
    [
        (" It adds. ", FinishReason.STOP_ID, "It adds."),
        ("It adds x.\nAnd y", FinishReason.STOP_ID, "It adds x.\nAnd y"),
        ("It adds x. And then it", FinishReason.LENGTH, "It adds x."),
        ("It adds 1.5 and then", FinishReason.LENGTH, ""),
        ("It adds x. And", FinishReason.CANCELLED, ""),
        ("<think>\nIt adds.\n</think>\n\nIt sums.", FinishReason.STOP_ID, "It sums."),
        ("<think>\nIt adds. So", FinishReason.LENGTH, ""),
        ("A. " * 1000, FinishReason.STOP_ID, ("A. " * 333).strip()),
        ("", FinishReason.STOP_ID, ""),
    ],
)
def test_explanation_keeps_whole_sentences(text, reason, told):
    assert read_explanation(completion(text, reason)) == told
