"""Template: how an action asks the model, as data. One TOML file an action, in `templates/`."""

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any, cast

from sotto_engine.request import CompletionRequest, Sampling, StopAt
from sotto_lsp.actions.target import Hole
from sotto_lsp.context.window import normalised, window
from sotto_lsp.suggestion import WINDOW_CHARS

_LIKELIEST = Sampling()


@dataclass(frozen=True)
class Attempt:
    """One candidate: which of the target's holes, and how its tokens are chosen."""

    hole: str
    sampling: Sampling


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

    def request(self, text: str, hole: Hole, path: str, sampling: Sampling = _LIKELIEST) -> CompletionRequest:
        """The question: what belongs into the hole?

        The window is that of completions: the same text around it is the same prompt, and cached.
        """
        filled = text[: hole.start] + hole.lead + text[hole.end :]
        before, after = window(filled, hole.start + len(hole.lead), WINDOW_CHARS)
        region = ""
        if self.task:  # whole lines, as in training
            after = after.removeprefix("\n")
            region = normalised(text[hole.start : hole.end] + "\n") if hole.start < hole.end else ""
        return CompletionRequest(
            task=self.task,
            region=region,
            prefix=before,
            suffix=after,
            path=path,
            max_tokens=self.max_tokens,
            stop_at=self.stop_at,
            sampling=sampling,
            min_probability=0.0,
        )


def load_template(name: str) -> Template:
    """Read `templates/<name>.toml`."""
    path = resources.files(__package__ or "sotto_lsp.actions") / "templates" / f"{name}.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    attempts = cast("list[dict[str, Any]]", data["attempts"])
    return Template(
        title=data["title"],
        kind=data["kind"],
        needs=data["needs"],
        stop_at=StopAt(data["stop_at"]),
        max_tokens=data["max_tokens"],
        attempts=tuple(_attempt(each) for each in attempts),
        task=data.get("task", ""),
    )


def _attempt(data: dict[str, Any]) -> Attempt:
    sampling = {name: value for name, value in data.items() if name != "hole"}
    return Attempt(data["hole"], Sampling(**sampling))
