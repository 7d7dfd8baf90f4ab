"""Actions that users write down: read from TOML, each mistake said in a sentence, and offered where they fit."""

import os
from pathlib import Path

import pytest

from lsp.scripted_model import marked, outcome, question_at
from sotto_lsp.actions.catalogue import find_action, find_offered
from sotto_lsp.actions.instruct.template import CHAT
from sotto_lsp.actions.user_actions.definition import CHECKS
from sotto_lsp.actions.user_actions.reading import MAX_ACTIONS, read_definitions
from sotto_lsp.actions.user_actions.store import IN_WORKSPACE, UserActionStore
from sotto_lsp.documents.paths import WorkspaceFile

GOOD = '[[action]]\ntitle = "Use our logger"\ninstruction = "Replace print by log.info."\n'
WHOLE = """
[[action]]
title = "Use our logger"
kind = "quickfix"
languages = ["python"]
instruction = '''
Replace {print} by log.info.'''
check = ["parses", "ruff"]
"""
CODE = "import logging\n\nlog = logging\n\n\ndef greet(name):\n▮    print(name)\n▮    return name\n"
DOCS = Path(__file__).parents[3] / "docs" / "code-actions.md"


def definition(toml):
    definitions, problems = read_definitions(toml.encode())
    assert problems == []
    return definitions[0]


def with_line(line):
    """The good file with a key of another value, or one more."""
    name = line.split(" ", maxsplit=1)[0]
    kept = [each for each in GOOD.splitlines() if not each.startswith(f"{name} =")]
    return "\n".join([*kept, line])


def test_actions_file_is_read_with_all_keys():
    read = definition(WHOLE)
    action = read.action()
    assert (action.name, action.template.title, action.template.kind) == (
        "user:Use our logger",
        "Use our logger",
        "quickfix",
    )
    assert action.checkers == ("ruff",) and action.template.needs == CHAT
    assert read.instruction == "Replace {print} by log.info."


def test_default_of_what_an_action_leaves_out():
    action = definition(GOOD).action()
    assert action.template.kind == "refactor.rewrite" and action.checkers == ()


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("[[action]\n", "it is no TOML: "),
        ("\xff", "it is no TOML: "),
        ('action = "x"', "each action must be a table [[action]], with two brackets."),
        ("[action]\ntitle = 'x'", "each action must be a table [[action]], with two brackets."),
        ("action = [1]", "action 1: it must be a table [[action]]."),
        ("[[action]]\ninstruction = 'x'", "action 1: it has no title."),
        ("[[action]]\ntitle = 'x'", "action 1 ('x'): it has no instruction."),
        (with_line("title = 3"), "action 1: title must be one line of 1 to 60 characters"),
        (with_line('title = ""'), "title must be one line"),
        (with_line('title = "two\\nlines"'), "title must be one line"),
        (with_line('title = "backwards \\u202e"'), "title must be one line"),
        (with_line('title = "Fix: {diagnostic}"'), "title must be one line"),
        (with_line(f'title = "{"x" * 61}"'), "title must be one line"),
        (with_line('instruction = " "'), "instruction must be a text of 1 to 2000 characters, not ' '."),
        (with_line(f'instruction = "{"x" * 2001}"'), "instruction must be a text of 1 to 2000 characters"),
        (
            with_line('kind = "source.fixAll"'),
            'kind must be "refactor.rewrite" or "quickfix", not \'source.fixAll\'.',
        ),
        (
            with_line('languages = "python"'),
            'languages must be a list of "python", "c", "cpp", "go", "java", "javascript", ',
        ),
        (with_line('languages = ["cobol"]'), "where answers can be checked, not ['cobol']."),
        (
            with_line('languages = ["python", "rust"]\ncheck = ["ruff"]'),
            'check must be without "ruff", "pyright" and "mypy" where languages has more than Python',
        ),
        (with_line("languages = []"), "languages must be a list"),
        (
            with_line('check = ["make lint"]'),
            '"pyright" and "mypy" (commands are never run), not [\'make lint\'].',
        ),
        (with_line('check = "ruff"'), "check must be a list"),
        (
            with_line('command = "rm -rf /"'),
            "'command' means nothing here; an action has title, kind, languages,",
        ),
        (GOOD + GOOD, "action 2 ('Use our logger'): another action above has the same title."),
        (
            "[settings]\nmodel = 'x'\n" + GOOD,
            "it has no use for 'settings'; each action is a table [[action]].",
        ),
    ],
)
def test_mistake_is_one_sentence_that_names_its_place(toml, problem):
    _, problems = read_definitions(toml.encode("latin-1"))
    assert len(problems) == 1
    assert problem in problems[0] and problems[0].endswith(".") and len(problems[0]) < 220


def test_mistake_costs_no_other_action():
    definitions, problems = read_definitions(
        (with_line("kind = 'x'") + '\n[[action]]\ntitle = "B"\ninstruction = "C"').encode()
    )
    assert [each.title for each in definitions] == ["B"] and len(problems) == 1


def test_mistakes_get_a_sentence_each():
    _, problems = read_definitions(with_line("kind = 'x'\ncheck = []").encode())
    assert len(problems) == 2


def test_number_of_actions_in_a_file_is_bounded():
    many = "".join(f'[[action]]\ntitle = "{number}"\ninstruction = "x"\n' for number in range(100))
    definitions, problems = read_definitions(many.encode())
    assert len(definitions) == MAX_ACTIONS and len(problems) == 1


def test_offered_on_selected_lines_with_an_instruct_model():
    lines, place = marked(CODE)
    action = definition(GOOD).action()

    def names(good_for):
        return [each.name for each, *_ in find_offered(lines.snapshot, [place], frozenset(good_for), [action])]

    assert names({CHAT})[-1] == action.name, "behind Sotto's own"
    assert action.name not in names({"inline-completion", "types", "docstring"})
    assert find_action(action.name, [action]) is action and find_action(action.name) is None
    cursor, elsewhere = marked("x = 1\n\n▮\ny = 2\n")
    assert action.name not in [
        each.name for each, *_ in find_offered(cursor.snapshot, [elsewhere], frozenset({CHAT}), [action])
    ]


def test_instruction_goes_as_it_is_and_the_answer_is_checked():
    action = definition(WHOLE).action()
    question = question_at(action.template, action.find, CODE)
    (message,) = [each for each in question.request(question.target.holes["part"]).messages if each.role == "user"]
    assert "Replace {print} by log.info." in message.content
    assert "    log.info(name)\n" in outcome(question, "log.info(name)")
    assert outcome(question, "logger.info(name)") == ["logger is defined nowhere"]


@pytest.mark.parametrize(("check", "refused"), [('["parses", "keeps-names"]', True), ('["parses"]', False)])
def test_names_are_kept_where_the_action_asks_for_it(check, refused):
    action = definition(f"{GOOD}check = {check}").action()
    question = question_at(action.template, action.find, "▮def greet(name):\n    return name\n▮")
    result = outcome(question, "def welcome(name):\n    return name")
    assert result == (
        ["greet, which other code may use, would be gone"] if refused else "def welcome(name):\n    return name\n"
    )


def test_docs_example_of_an_actions_file_is_right():
    (example,) = [each.split("```")[0] for each in DOCS.read_text().split("```toml\n")[1:]]
    definitions, problems = read_definitions(example.encode())
    assert problems == [] and len(definitions) >= 2
    assert all(check in DOCS.read_text() for check in CHECKS)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store that looks at its files every time, its user's file, a workspace's, and what was reported."""
    monkeypatch.setattr("sotto_lsp.actions.user_actions.store._LOOK_AGAIN_S", 0.0)
    told = []
    own, theirs = tmp_path / "own.toml", tmp_path / "work" / IN_WORKSPACE
    theirs.parent.mkdir(parents=True)
    made = UserActionStore(told.append, own)
    made.own, made.theirs, made.told = own, theirs, told
    made.file = WorkspaceFile.of((tmp_path / "work" / "app.py").as_uri(), [(tmp_path / "work").as_uri()])
    made.titles = lambda: [each.template.title for each in made.actions_for(made.file)]
    return made


def test_changed_actions_file_is_read_again(store):
    assert store.titles() == []
    store.theirs.write_text(GOOD)
    assert store.titles() == ["Use our logger"]
    store.own.write_text(GOOD.replace("our", "my"))
    assert store.titles() == ["Use my logger", "Use our logger"]
    store.theirs.unlink()
    assert store.titles() == ["Use my logger"] and store.told == []


def test_own_action_goes_before_the_workspaces_of_that_title(store):
    store.own.write_text(GOOD)
    store.theirs.write_text(GOOD.replace("log.info", "evil"))
    (action,) = store.actions_for(store.file)
    assert "log.info" in action.template.words["instruction"]


def test_own_actions_alone_outside_all_workspaces(store, tmp_path):
    store.theirs.write_text(GOOD)
    lonely = WorkspaceFile.of((tmp_path / "work" / "app.py").as_uri(), [])
    assert store.actions_for(lonely) == () and store.actions_for(None) == ()


def test_mistakes_are_reported_once_a_version_of_a_file(store):
    store.theirs.write_text(GOOD + "kind = 'x'")
    for _ in range(3):
        assert store.titles() == []
    (told,) = store.told
    assert told.startswith(f"{store.theirs}: action 1 ('Use our logger'): kind must be ")
    store.theirs.write_text(GOOD)
    assert store.titles() == ["Use our logger"] and len(store.told) == 1


def test_mistakes_in_numbers_are_one_bounded_message(store):
    store.theirs.write_text("[[action]]\n" * 20)
    store.titles()
    assert store.told[0].count("it has no") == 5 and store.told[0].endswith(" And 35 more.")


@pytest.mark.skipif(os.name == "nt", reason="no such things there")
@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.mkdir(), "it is no file"),
        (lambda path: os.mkfifo(path, 0o600), "it is no file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is no file"),
        (lambda path: path.symlink_to(path), "symbolic link"),
        (lambda path: path.write_text("#" * 70_000), "larger than 64 KiB"),
    ],
)
def test_large_or_strange_actions_file_is_not_read(store, make, why):
    make(store.theirs)
    assert store.titles() == [] and store.titles() == []
    assert len(store.told) == 1 and why in store.told[0]
