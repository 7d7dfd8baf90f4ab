"""Template: how an action asks the model, as data. One TOML file an action, in `templates/`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, cast

from sotto_engine.request import EditRequest, FillInRequest, Limits, Request, Sampling, StopAt
from sotto_lsp.actions.instruct.conversation import Conversation, load_conversation
from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.documents.window import WINDOW_CHARS, window
from sotto_lsp.syntax.target import PART, Hole

CHAT = "chat"
"""What the manifest of a loaded instruct model says it is good for."""
_MAX_TOKENS = 512
_LIKELIEST = Sampling()
_NO_WORDS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Attempt:
    """One candidate: which of the target's holes, and how its tokens are chosen."""

    hole: str
    sampling: Sampling


INSTRUCT_ATTEMPTS = (
    Attempt(PART, Sampling()),
    Attempt(PART, Sampling(temperature=0.7, top_p=0.9, seed=1)),
    Attempt(PART, Sampling(temperature=0.7, top_p=0.9, seed=2)),
)
"""Of a template that names none: the likeliest answer, and two that are likely to differ from it."""


@dataclass(frozen=True)
class Template:
    """`title` and `kind` are what the editor shows; `needs` is what the model's manifest must say it is good for."""

    title: str
    kind: str
    needs: str
    stop_at: StopAt
    max_tokens: int
    attempts: tuple[Attempt, ...]
    task: str = ""
    """An edit task that the model was trained for; empty: the hole is filled in."""
    conversation: Conversation | None = None
    """How an instruct model is asked; None: the hole is filled in."""
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    """For the conversation, at every place"""

    def request(
        self,
        text: str,
        hole: Hole,
        path: str,
        sampling: Sampling = _LIKELIEST,
        words: Mapping[str, str] = _NO_WORDS,
    ) -> Request:
        """The question: what belongs into the hole? `words`: for a conversation, at this place.

        The window is that of completions: the same text around it is the same prompt, and cached.
        """
        if self.conversation is not None:
            words = {"path": path, **self.words, **words}
            return self.conversation.request(text, hole, words, self.max_tokens, sampling)
        filled = text[: hole.start] + hole.lead + hole.tail + text[hole.end :]
        before, after = window(filled, hole.start + len(hole.lead), WINDOW_CHARS)
        limits = Limits(self.max_tokens, self.stop_at, min_probability=0.0)
        if not self.task:
            return FillInRequest(before, after, path, sampling=sampling, limits=limits)
        region = normalize_line_ends(text[hole.start : hole.end] + "\n") if hole.start < hole.end else ""
        after = after.removeprefix("\n")  # whole lines, as in training
        return EditRequest(self.task, before, region, after, path, sampling=sampling, limits=limits)


def load_template(name: str) -> Template:
    """Read `templates/<name>.toml`."""
    path = resources.files("sotto_lsp.actions") / "templates" / f"{name}.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    attempts = cast("list[dict[str, Any]]", data.get("attempts", []))
    conversation = data.get("conversation")
    return Template(
        title=data["title"],
        kind=data["kind"],
        needs=data["needs"],
        stop_at=StopAt(data["stop_at"]),
        max_tokens=data["max_tokens"],
        attempts=tuple(_attempt(each) for each in attempts) or INSTRUCT_ATTEMPTS,
        task=data.get("task", ""),
        conversation=load_conversation(conversation) if conversation else None,
        words=data.get("words", {}),
    )


def make_instruction(title: str, instruction: str, *, kind: str = "refactor.rewrite") -> Template:
    """A template that has an instruct model do what `instruction` says with the lines of the hole `PART`.

    title, kind: as the editor shows them. Braces in the instruction mean nothing. This is all that an action of the
    catalogue needs besides its place:

        Action("use_logging", make_instruction("Use logging", "Replace each print by log.info."), find_code)
    """
    return Template(
        title=title,
        kind=kind,
        needs=CHAT,
        stop_at=StopAt.BUDGET,
        max_tokens=_MAX_TOKENS,
        attempts=INSTRUCT_ATTEMPTS,
        conversation=load_conversation("rewrite"),
        words={"instruction": instruction},
    )


def _attempt(data: dict[str, Any]) -> Attempt:
    sampling = {name: value for name, value in data.items() if name != "hole"}
    return Attempt(data["hole"], Sampling(**sampling))
