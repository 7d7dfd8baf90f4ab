"""Slow models: nobody waits for a prompt, windows are small, and warm still equals cold."""

import random

import pytest

from engine.fakes import FakeModel, make_engine
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import run_steps
from sotto_engine.model import speed_class
from sotto_engine.model.speed_class import SpeedClass, find_speed_class
from sotto_engine.model_files.start_memory import StartMemory
from sotto_engine.request import FillInRequest, FinishReason, Limits, StopAt

QUICK = 30
LIMITS = Limits(8, StopAt.BUDGET, only_read=True)


def slow_engine():
    return make_engine(quick_tokens=QUICK, slice_tokens=16)


def ask(engine, prefix, suffix="\n"):
    return run_steps(engine.complete(FillInRequest(prefix, suffix, limits=LIMITS), CancelFlag()))


def test_prompt_that_is_not_read_ends_at_once_and_one_that_is_read_is_answered():
    engine = slow_engine()
    text = "a = 1\n" * 60
    unread = ask(engine, text)
    assert unread.finish_reason is FinishReason.UNREAD and unread.text == "" and not engine.model.num_computed
    run_steps(engine.prefill(FillInRequest(text, "\n", limits=LIMITS), CancelFlag()))
    assert max(engine.model.passes) <= 16 + 1, "passes are short, so that nobody waits for one"
    answered = ask(engine, text + "b")
    assert answered.finish_reason is not FinishReason.UNREAD and answered.num_cached_tokens > 50


def test_request_that_waits_is_answered_however_much_is_unread():
    engine = slow_engine()
    request = FillInRequest("a = 1\n" * 60, "\n", limits=Limits(8, StopAt.BUDGET))
    assert run_steps(engine.complete(request, CancelFlag())).finish_reason is not FinishReason.UNREAD


def test_warm_equals_cold_whatever_was_read_before():
    """Random histories of narrow and whole windows, read ahead or not: an answer is that of a new engine."""
    dice = random.Random(4)
    engine, num_answers = slow_engine(), 0
    text = "".join(f"x{number} = f({number})\n" for number in range(80))
    for _ in range(60):
        offset = dice.randrange(len(text))
        prefix = text[max(0, offset - 90) : offset] if dice.random() < 0.5 else text[:offset]
        if dice.random() < 0.5:
            run_steps(engine.prefill(FillInRequest(prefix, "\n", limits=LIMITS), CancelFlag()))
        warm = ask(engine, prefix)
        if warm.finish_reason is not FinishReason.UNREAD:
            cold = slow_engine()
            run_steps(cold.prefill(FillInRequest(prefix, "\n", limits=LIMITS), CancelFlag()))
            again = ask(cold, prefix)
            assert (again.text, again.token_ids, again.token_logprobs) == (
                warm.text,
                warm.token_ids,
                warm.token_logprobs,
            )
            num_answers += 1
    assert num_answers > 20


def test_speed_class_is_measured_once_and_stays(tmp_path, monkeypatch):
    file = tmp_path / "model.onnx"
    file.write_text("weights")
    memory = StartMemory(tmp_path / "starts.json")
    speeds = iter([140.0, 5000.0])
    monkeypatch.setattr(speed_class, "measure_prefill", lambda model: next(speeds))
    first = find_speed_class(FakeModel(100), memory, [file])
    memory.save()
    again = find_speed_class(FakeModel(100), StartMemory(tmp_path / "starts.json"), [file])
    assert first == again == SpeedClass(100)
    file.write_text("other weights")
    assert find_speed_class(FakeModel(100), memory, [file]) == SpeedClass(3000)


@pytest.mark.parametrize(
    ("speed", "quick", "slice_", "window"),
    [(0, 0, 64, 0), (3000, 0, 64, 24_000), (1000, 300, 64, 8000), (100, 30, 16, 800), (10, 3, 16, 80)],
)
def test_slower_classes_read_less(speed, quick, slice_, window):
    found = SpeedClass(speed)
    assert (found.quick_tokens, found.slice_tokens, found.window_tokens) == (quick, slice_, window)


def test_window_of_a_class_is_a_part_of_the_context():
    from sotto_engine.prompt.builder import PromptBuilder

    engine = make_engine()
    known = engine._prompts
    narrow = PromptBuilder(known.tokenizer, known._template, known._order, 2048, header=False, window_tokens=100)
    request = FillInRequest("a = 1\n" * 400, "b = 2\n" * 400, limits=LIMITS)
    assert len(narrow.build(request).token_ids) <= 100 < len(known.build(request).token_ids)
