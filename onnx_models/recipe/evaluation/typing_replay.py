"""Types held-out lines letter by letter and accepts every suggestion that is exactly the rest of the line."""

from collections import Counter
from dataclasses import dataclass, field

from recipe.evaluation.answers import ask_line
from recipe.evaluation.questions import Question
from sotto_engine.engine import Engine

BUCKETS = (0, 1, 2, 4, 8, 16)
"""Characters typed of the line, from each number up to the next."""


@dataclass
class TypingReplay:
    """Keys of the lines as written and as typed with suggestions; suggestions by the characters typed before."""

    num_chars: int = 0
    num_keys: int = 0
    shown: Counter[int] = field(default_factory=Counter)
    right: Counter[int] = field(default_factory=Counter)

    @property
    def saved(self) -> float:
        """Share of the keystrokes that accepting saved; an accept is one key."""
        return 1 - self.num_keys / self.num_chars

    @property
    def wrong_share(self) -> float:
        """Of all suggestions shown."""
        return 1 - self.right.total() / max(1, self.shown.total())


def replay_typing(engine: Engine, lines: list[Question]) -> TypingReplay:
    """A suggestion stays on the screen while what is typed agrees with it, as in an editor."""
    result = TypingReplay()
    for line in lines:
        result.num_chars += len(line.answer)
        result.num_keys += _type(engine, line, result)
    return result


def _type(engine: Engine, line: Question, result: TypingReplay) -> int:
    """Keys needed for one line."""
    shown = ""
    for num_typed in range(len(line.answer)):
        question = line.typed(num_typed)
        if not shown or not question.answer.startswith(shown[0]):
            answer = ask_line(engine, question)
            shown = answer.text.rstrip()
            if shown:
                bucket = max(start for start in BUCKETS if start <= num_typed)
                result.shown[bucket] += 1
                result.right[bucket] += answer.is_right
                if answer.is_right:
                    return num_typed + 1
        shown = shown[1:] if question.answer.startswith(shown[:1]) else ""
    return len(line.answer)
