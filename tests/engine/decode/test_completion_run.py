"""A completion's clock: a whole line in time before a block too late."""

import pytest

from sotto_engine.decode import run as completion_run
from sotto_engine.decode.run import CompletionRun
from sotto_engine.decode.sampler import Choice
from sotto_engine.request import FillInRequest, FinishReason, Limits, StopAt

BLOCK = ["    a = 1", "\n    b", " = 2", "\n    c = 3", "\n    d"]


@pytest.fixture
def clock(monkeypatch):
    """Stands still until it is set, in milliseconds."""
    now = [0.0]
    monkeypatch.setattr(completion_run.time, "perf_counter", lambda: now[0] / 1000)
    return now


def completed(clock, pieces, ms_a_piece=100, **request):
    """`(text, reason, pieces sent)` with so much time for every piece."""
    sent = []
    clock[0] = 0
    run = CompletionRun(FillInRequest("def f():\n", limits=Limits(**request)), sent.append)
    for piece in pieces:
        clock[0] += ms_a_piece
        if (reason := run.add(Choice(0, -0.01), piece.encode())) is not None:
            break
    done = run.completion(reason or FinishReason.LENGTH)
    return done.text, done.finish_reason, "".join(sent)


@pytest.mark.parametrize(
    ("line_deadline_ms", "text"),
    [(None, "".join(BLOCK)), (50, "    a = 1"), (250, "    a = 1\n    b = 2"), (9999, "".join(BLOCK))],
)
def test_line_deadline_ends_a_block_with_the_line_it_is_in(clock, line_deadline_ms, text):
    done, reason, sent = completed(clock, BLOCK, line_deadline_ms=line_deadline_ms)
    assert done == sent == text
    assert (reason is FinishReason.LINE) == (text != "".join(BLOCK))


def test_line_deadline_never_cuts_the_first_line(clock):
    pieces = ["    total", " = sum(", "values", ")"]
    assert completed(clock, pieces, line_deadline_ms=50)[0] == "    total = sum(values)"


def test_line_deadline_does_not_count_an_empty_first_line(clock):
    assert completed(clock, ["\n    ", "return 1", "\n"], line_deadline_ms=50)[0] == "\n    return 1"


def test_sent_text_is_not_taken_back(clock):
    """Half of the second line is sent already, as nothing says that it may turn out too improbable."""
    request = {"line_deadline_ms": 250, "min_probability": 0.0, "stop_at": StopAt.BUDGET}
    done, _, sent = completed(clock, ["a", "\nb", " c", " d", "\ne"], **request)
    assert done == sent == "a\nb c d"
