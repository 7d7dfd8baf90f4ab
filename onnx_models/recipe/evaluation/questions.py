"""Questions whose answers are known: gaps of a benchmark, and places in held-out files where one would ask."""

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from recipe.corpus.library import Document, Library
from sotto_engine.request import Snippet

_MIN_LINE_CHARS = 4
_MAX_LINE_CHARS = 120


@dataclass(frozen=True)
class Question:
    """What stands around the cursor, and what was written there: the rest of a line, or a span."""

    prefix: str
    suffix: str
    answer: str
    path: str = ""
    snippets: tuple[Snippet, ...] = ()

    def without_suffix(self) -> "Question":
        return replace(self, suffix="")

    def without_snippets(self) -> "Question":
        return replace(self, snippets=())

    def typed(self, num_chars: int) -> "Question":
        """The same place after some characters of the answer were typed."""
        return replace(self, prefix=self.prefix + self.answer[:num_chars], answer=self.answer[num_chars:])


@dataclass(frozen=True)
class Problem:
    """A gap in a function, and the program after it that fails where the gap is filled wrongly."""

    question: Question
    test: str


def single_lines(path: Path, limit: int) -> list[Problem]:
    """The first rows of HumanEval-SingleLineInfilling, the line's indentation given as an editor would have it."""
    problems: list[Problem] = []
    for row in _rows(path, limit):
        line = row["canonical_solution"].strip()
        indentation = row["canonical_solution"].split(line)[0]
        question = Question(row["prompt"] + indentation, "\n" + row["suffix"], line)
        problems.append(Problem(question, _test(row)))
    return problems


def spans(path: Path, limit: int) -> list[Problem]:
    """The first rows of HumanEval-RandomSpanInfillingLight: from anywhere to anywhere."""
    return [
        Problem(Question(row["prompt"], row["suffix"], row["canonical_solution"]), _test(row))
        for row in _rows(path, limit)
    ]


def held_out_lines(library: Library, limit: int, dice: random.Random) -> list[Question]:
    """Lines of different files, asked for from their first character on."""
    files = [document for document in library.documents if document.text.count("\n") > 10]
    questions: list[Question] = []
    for document in dice.sample(files, len(files)) * (1 + limit // max(1, len(files))):
        if len(questions) == limit:
            break
        question = _line(document, dice.randrange(len(document.text)))
        if question is not None:
            questions.append(question)
    return questions


def inside_lines(questions: list[Question], dice: random.Random) -> list[Question]:
    """The same lines asked for from anywhere inside them."""
    return [question.typed(dice.randrange(len(question.answer))) for question in questions]


def cross_file(library: Library, limit: int, dice: random.Random) -> list[Question]:
    """Lines that use a name which one other file of the package defines, that definition as their snippet."""
    questions: list[Question] = []
    for document in dice.sample(library.documents, len(library.documents)):
        question = next(_with_definitions(library, document, dice), None)
        if question is not None:
            questions.append(question)
        if len(questions) == limit:
            break
    return questions


def _with_definitions(library: Library, document: Document, dice: random.Random) -> Iterator[Question]:
    for _ in range(20):
        question = _line(document, dice.randrange(len(document.text)))
        if question is None or question.answer.startswith(("from ", "import ")):
            continue
        related = library.related(document, question.answer, 1, dice)
        if related:
            snippets = tuple(Snippet(Path(each.path).name, each.text) for each in related)
            yield replace(question, snippets=snippets)


def _line(document: Document, where: int) -> Question | None:
    text = document.text
    start = text.rfind("\n", 0, where) + 1
    end = text.find("\n", where)
    line = text[start:end].strip()
    if end < 0 or not _MIN_LINE_CHARS <= len(line) <= _MAX_LINE_CHARS:
        return None
    cursor = text.index(line, start)
    return Question(text[:cursor], text[end:], line, Path(document.path).name)


def _rows(path: Path, limit: int) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for _, line in zip(range(limit), lines, strict=False)]


def _test(row: dict[str, str]) -> str:
    return f"{row['test']}\ncheck({row['entry_point']})\n"
