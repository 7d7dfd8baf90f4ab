"""The gate of a model that is added: typing replayed for each threshold, and the least that is right often enough."""

import pytest

import sotto_models
from sotto_engine.loading import load_engine
from sotto_models.importing import calibrating
from sotto_models.importing.calibrating import Answer, TypedLine, calibrate, find_lines, find_thresholds

NOTHING = Answer("", 0.0)


def typed(text, **answers):
    """A line whose answers are given by `after3="text, probability"`, or say nothing."""
    said = {int(key.removeprefix("after")): value for key, value in answers.items()}
    return TypedLine(text, [Answer(*said[number]) if number in said else NOTHING for number in range(len(text))])


def test_right_suggestion_ends_the_line():
    line = typed("return x", after0=("return x", 0.6), after1=("eturn y", 0.9))
    assert line.replay(0.5) == (1, True)
    assert line.replay(0.7) == (1, False), "too unsure at first, and then wrong"
    assert line.replay(0.95) == (0, False)


def test_suggestion_stays_while_the_typed_text_agrees():
    line = typed("return x", after0=("return None", 0.9), after1=("eturn None", 0.9), after7=("x", 0.9))
    assert line.replay(0.5) == (1, False), "one suggestion over all keys: it hides the right one at the end"


def test_departing_from_a_suggestion_shows_another():
    line = typed("return x", after0=("raise", 0.9), after2=("turn x", 0.9))
    assert line.replay(0.5) == (2, True)


def test_thresholds_are_the_least_that_are_right_often_enough():
    good = [typed("abcdef", after0=("abcdef", 0.9))] * 40
    fair = [typed("abcdef", after0=("abcxyz", 0.7))] * 9  # with them 18 % are wrong
    bad = [typed("abcdef", after0=("xyz", 0.4))] * 13  # with them 35 %
    found = find_thresholds(good + fair + bad)
    assert found == {"eager": 0.1, "normal": 0.41, "quiet": 0.71}


def test_too_few_suggestions_tell_nothing():
    found = find_thresholds([typed("abcdef", after0=("abcdef", 0.9))] * 3)
    assert found == {"quiet": 0.8, "normal": 0.6, "eager": 0.35}


def test_quieter_modes_never_show_more():
    # wrong ones that are surest: only with all the others few enough are wrong
    wrong = [typed("abcdef", after0=("xyz", 0.9))] * 5
    right = [typed("abcdef", after0=("abcdef", 0.2))] * 95
    found = find_thresholds(wrong + right)
    assert found["quiet"] >= found["normal"] >= found["eager"]


def test_lines_are_the_same_each_time_and_code():
    lines = list(find_lines())
    assert lines == list(find_lines()) and len(lines) == calibrating.NUM_LINES
    for before, line, after in lines:
        assert before.endswith("\n") and after.startswith("\n") and "\n" not in line and line.strip()


@pytest.fixture(scope="module")
def embedded():
    return load_engine(sotto_models.embedded_model_dir(), remembers=False)


def test_model_is_calibrated_from_what_it_says(embedded, monkeypatch):
    monkeypatch.setattr(calibrating, "NUM_LINES", 6)
    monkeypatch.setattr(calibrating, "_MIN_SHOWN", 1)
    engine, manifest = embedded
    steps = []
    found = calibrate(engine, manifest, lambda step, share: steps.append((step, share)))
    assert 0.1 <= found.modes["eager"] <= found.min_probability <= found.modes["quiet"] <= 0.95
    assert [step for step, _ in steps] == ["calibrating"] * 6
    shares = [share for _, share in steps]
    assert shares == sorted(shares) and shares[-1] < 1


def test_answers_follow_the_typed_text(embedded):
    line = calibrating._type(
        embedded[0], "import os\n\n\ndef size(path):\n", "    return os.path.getsize(path)", "\n"
    )
    assert line.text == "return os.path.getsize(path)" and len(line.answers) == 24
    for number, (last, answer) in enumerate(zip(line.answers, line.answers[1:], strict=False), 1):
        if last.text.startswith(line.text[number - 1 : number]) and line.text[number - 1].isalnum():
            assert answer.text == last.text[1:] or len(last.text) == 1


def test_time_without_end_is_not_taken(embedded, monkeypatch):
    monkeypatch.setattr(calibrating, "BUDGET_S", 1e-9)
    engine, manifest = embedded
    found = calibrate(engine, manifest, lambda *_: None)
    assert (found.min_probability, found.modes) == (0.6, {"quiet": 0.8, "eager": 0.35})
