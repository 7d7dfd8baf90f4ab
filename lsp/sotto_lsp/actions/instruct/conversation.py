"""Conversation: how an instruct model is asked about a part of a document, as data: a TOML file in `conversations/`.

Words in braces are filled in all at once, so that braces in the user's code stay as they are.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from sotto_engine.request import ChatRequest, Limits, Message, Sampling, StopAt
from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.documents.window import window
from sotto_lsp.syntax.margin import margin_of, without_margin
from sotto_lsp.syntax.target import Hole

_WORD = re.compile(r"\{(\w+)\}")
_BACKTICKS = re.compile("`{3,}")


@dataclass(frozen=True)
class Conversation:
    """Words for every text: `before`, `code` (without its margin), `after`, `path`, `fence`, and the action's.

    begins: how the answer begins; the model goes on from there, so that it cannot say something else first.
    ends: what ends the answer, and is not in it; empty for the model's own end.
    context_chars: so much of the text on each side of the part is shown.
    """

    system: str
    user: str
    begins: str
    ends: str
    context_chars: int

    def request(
        self, text: str, hole: Hole, words: Mapping[str, str], max_tokens: int, sampling: Sampling
    ) -> ChatRequest:
        """The question about the part of `text` that the hole covers."""
        code = normalize_line_ends(text[hole.start : hole.end])
        before, after = window(text[: hole.start] + text[hole.end :], hole.start, self.context_chars)
        values = {
            **words,
            "before": before.removesuffix("\n"),
            "code": without_margin(code, margin_of(code)),
            "after": after.removeprefix("\n"),
            "fence": _fence(before + code + after),
        }

        def fill(template: str) -> str:
            return _WORD.sub(lambda word: values[word[1]], template)

        ends = (fill(self.ends),) if self.ends else ()
        return ChatRequest(
            (Message("system", fill(self.system)), Message("user", fill(self.user))),
            fill(self.begins),
            sampling,
            Limits(max_tokens, StopAt.BUDGET, ends, min_probability=0.0),
        )


def load_conversation(name: str) -> Conversation:
    """Read `conversations/<name>.toml`."""
    path = resources.files("sotto_lsp.actions") / "conversations" / f"{name}.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return Conversation(
        data["system"].strip(),
        data["user"].strip(),
        data.get("begins", ""),
        data.get("ends", ""),
        data["context_chars"],
    )


def _fence(code: str) -> str:
    """Longer than any in the code, which thus cannot end its block."""
    return "`" * max((len(each) + 1 for each in _BACKTICKS.findall(code)), default=3)
