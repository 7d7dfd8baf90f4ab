"""The evaluation counts: right lines, saved keys, calibrated probabilities, programs in their sandbox."""

import random
import socket

import pytest

pytest.importorskip("torch", reason="the extra `recipe` is not installed: no torch")
pytest.importorskip("onnx", reason="the extra `recipe` is not installed: no onnx")

from recipe.corpus.library import Document, Library
from recipe.evaluation.answers import Answer, ask_line, score_infilling
from recipe.evaluation.calibration import calibrate
from recipe.evaluation.questions import Problem, Question, cross_file, held_out_lines
from recipe.evaluation.report import format_table
from recipe.evaluation.sandbox import SandboxError, passes
from recipe.evaluation.typing_replay import replay_typing
from sotto_engine.request import Completion, FinishReason, Timings


class Reader:
    """Stands in for an engine: reads the answer in the file once enough of the line is typed, else says `pass`."""

    def __init__(self, text, needs=0):
        self.text, self.needs, self.num_asked = text, needs, 0

    def complete(self, request, cancelled):
        self.num_asked += 1
        rest = self.text[len(request.prefix) :].split("\n")[0]
        typed = request.prefix[request.prefix.rfind("\n") + 1 :].lstrip()
        text = rest if len(typed) >= self.needs else "pass"
        yield 0.0
        return Completion(text, (1,), (-0.5,), FinishReason.LINE, 1, 0, Timings(), (0.37,))


TEXT = "def f(x):\n    return x + 1\n"
LINE = Question("def f(x):\n    ", "\n", "return x + 1", "f.py")


def test_line_is_right_where_it_is_what_was_written():
    assert ask_line(Reader(TEXT), LINE) == Answer("return x + 1", 0.37, True)
    assert not ask_line(Reader(TEXT, needs=1), LINE).is_right
    assert ask_line(Reader(TEXT, needs=3), LINE.typed(6)).is_right  # the space after `return` counts


def test_right_suggestion_leaves_one_key():
    replay = replay_typing(Reader(TEXT), [LINE])
    assert (replay.num_chars, replay.num_keys, dict(replay.right)) == (12, 1, {0: 1})
    assert replay.saved == pytest.approx(11 / 12) and replay.wrong_share == 0


def test_wrong_suggestion_is_shown_until_the_typing_leaves_it():
    engine = Reader("def f(x):\n    paint(x)\n", needs=3)
    replay = replay_typing(engine, [Question("def f(x):\n    ", "\n", "paint(x)")])
    # `pass` agrees with `pa`, then no more: asked with nothing, two and three letters typed.
    assert (replay.num_keys, dict(replay.shown), +replay.right) == (4, {0: 1, 2: 2}, {2: 1})
    assert engine.num_asked == 3


def test_calibration_separates_knowing_models_from_guessing_ones():
    knowing = [Answer("x", number / 100, number >= 50) for number in range(100)]
    assert calibrate(knowing).area == 1 and calibrate(knowing).right_above == 1
    assert calibrate(knowing).kept[-1] == (0.5, 0.5, 1.0)
    dice = random.Random(1)
    guessing = [Answer("x", dice.random(), dice.random() < 0.5) for _ in range(2000)]
    assert abs(calibrate(guessing).area - 0.5) < 0.05 and abs(calibrate(guessing).right_above - 0.5) < 0.05


def test_passed_tests_are_counted_next_to_exact_answers():
    problem = Problem(LINE, "\nassert f(1) == 2\n")
    other = Problem(Question(LINE.prefix, LINE.suffix, "return 1 + x"), "\nassert f(1) == 2\n")
    try:
        result = score_infilling(Reader(TEXT), [problem, other], ask_line, run=True)
    except SandboxError as error:
        pytest.skip(str(error))
    assert (result.exact, result.passed) == (0.5, 1.0)
    assert score_infilling(Reader(TEXT), [problem], ask_line, run=False).passed is None


@pytest.mark.parametrize(
    "program",
    [
        "raise SystemExit(1)",
        "open('file', 'wb', 0).write(b'x')",
        "x = 'a' * (2 << 30)",
        "while True: pass",
        "def f(:",
    ],
)
def test_sandboxed_program_that_fails_or_takes_too_much_fails(program):
    try:
        assert passes("x = 1 + 1")
    except SandboxError as error:
        pytest.skip(str(error))
    assert not passes(program)


def test_sandboxed_program_has_no_network():
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = f"import socket\nsocket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 2)"
        exec(program, {})
        try:
            assert not passes(program)
        except SandboxError as error:
            pytest.skip(str(error))


def test_questions_are_cut_at_line_starts_with_other_files():
    other = Document("p", "p/b.py", "def load_the_table(n):\n    return n\n" + "x = 1\n" * 12)
    lines = "".join(f"    value_{number} = load_the_table({number})\n" for number in range(12))
    user = Document("p", "p/a.py", "def main():\n" + lines)
    library = Library([user, other])
    for question in held_out_lines(library, 6, random.Random(1)):
        assert question.prefix + question.answer + question.suffix in (user.text, other.text)
        assert not question.answer.startswith(" ") and question.suffix.startswith("\n")
    (question,) = cross_file(library, 1, random.Random(1))
    assert question.path == "a.py" and "load_the_table(" in question.answer
    assert [(each.path, each.text) for each in question.snippets] == [
        ("b.py", "def load_the_table(n):\n    return n")
    ]


def test_table_has_a_column_a_model_and_no_unmeasured_row():
    results = [{"name": "a", "scores": {"loss": {"line": 0.5}}}, {"name": "b", "scores": {}}]
    assert format_table(results).splitlines() == [
        "| | a | b |",
        "|---|---|---|",
        "| loss, line, nats a character | 0.500 | – |",
    ]
