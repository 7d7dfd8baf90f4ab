"""Explanations: how the last requests were answered, and why nothing was suggested, or less than the model said."""

from collections import deque
from dataclasses import dataclass, field

from lsprotocol import types

from sotto_engine.request import Completion

REASONS = {
    "off": "Sotto is switched off (setting sotto.enabled).",
    "language-off": "Sotto is switched off for this language (setting sotto.disabledLanguages).",
    "language-unknown": "The model was not trained on this language.",
    "not-open": "The document is not open.",
    "too-large": "The document is too large.",
    "binary": "The document is binary.",
    "ignored-by-gitignore": "A .gitignore file names this file.",
    "ignored-by-aiignore": "A .aiignore file names this file.",
    "secret-file": "Files of this name hold keys or passwords.",
    "lock-file": "This is a lock file, which a tool writes.",
    "generated": "The file says that it is generated.",
    "minified": "The file is minified.",
    "log-or-data": "This is a log or a data file.",
    "notebook-magic": "This line is a command for the notebook.",
    "names-people": "This line names people, owners, licences or tasks, which a model would invent.",
    "in-comment": "The cursor is in a comment or docstring (setting sotto.comments).",
    "in-string": "The cursor is in a string (setting sotto.strings).",
    "middle-of-word": "The cursor is in the middle of a word.",
    "words-ahead": "Words follow the cursor on its line.",
    "complete-statement": "The statement before the cursor is complete.",
    "after-exit": "Nothing runs after the statement above.",
    "no-model": "No model is loaded.",
    "failed": "The model failed; the log says how.",
    "cancelled": "A newer request took its place.",
    "late": "The answer was not there in time (setting sotto.budgetMs).",
    "unread": "The model is still reading what stands around the cursor.",
    "stale": "The document changed in the meantime.",
    "unsure": "The model was not sure enough (settings sotto.mode, sotto.minProbability).",
    "empty": "The model had nothing to say.",
    "taken-back": "The same text was deleted here.",
    "most-lines": "Cut to the most lines of a suggestion (setting sotto.maxLines).",
    "closed-already": "Cut before a closer that follows the cursor already.",
    "replaces-closer": "It takes the place of closers after the cursor.",
    "breaks-syntax": "Cut or dropped: the code around it would have had more errors.",
    "blank": "White space was taken off.",
    "dedent": "Cut where it leaves the block.",
    "duplicate-line": "It repeats the lines below.",
    "repeats-above": "It repeats the lines above.",
    "repetition": "It repeats itself.",
    "suffix-overlap": "Its end follows the cursor already.",
    "unfinished-line": "Its last line was not finished.",
    "secret": "It looks like a key or password.",
    "invented-name": "It names people, companies or addresses that the document does not.",
    "file-name-leak": "It takes the file's own name for code.",
}
"""By their codes."""
_NUM_KEPT = 20


@dataclass
class Explanation:
    """How one request was answered. Positions as LSP counts them.

    source: "model", "shown" (the rest of the suggestion on the screen), "prefetch", "embedded"
        (that model, until the larger one has read the place), or "" where nothing was computed.
    model: the name of the one that answered.
    """

    uri: str
    line: int = 0
    character: int = 0
    source: str = ""
    model: str = ""
    shown: str = ""
    reasons: tuple[str, ...] = ()
    completion: Completion | None = None

    def report(self) -> dict[str, object]:
        """As JSON."""
        return {
            "uri": self.uri,
            "line": self.line,
            "character": self.character,
            "source": self.source,
            "model": self.model,
            "shown": self.shown,
            "reasons": [{"code": code, "sentence": REASONS.get(code, "")} for code in self.reasons],
            **(report_completion(self.completion) if self.completion else {}),
        }

    def describe(self) -> list[str]:
        """In lines for people."""
        lines = [f"shown:  {self.shown!r}" if self.shown else "shown:  nothing"]
        lines += [f"reason: {code}: {REASONS.get(code, '')}" for code in self.reasons]
        if (completion := self.completion) is not None:
            timings, cached = completion.timings, completion.num_cached_tokens
            shares = ", ".join(f"{share:.0%}" for share in completion.line_probabilities)
            lines += [f"model:  {self.model}"] if self.model else []
            lines += [
                f"said:   {completion.text!r}",
                f"sure:   {shares or 'nothing'} (each line)",
                f"prompt: {completion.num_prompt_tokens} tokens, {cached} of them from the cache",
                f"took:   {timings.total_ms:.0f} ms, {timings.prefill_ms:.0f} of them for the prompt",
            ]
        return lines


def report_completion(completion: Completion) -> dict[str, object]:
    """The model's part of an explanation, as JSON. Probabilities are of lines, times in milliseconds."""
    timings = completion.timings
    return {
        "said": completion.text,
        "finish": completion.finish_reason.value,
        "promptTokens": completion.num_prompt_tokens,
        "cachedTokens": completion.num_cached_tokens,
        "probabilities": [round(share, 4) for share in completion.line_probabilities],
        "timings": {
            "prompt": round(timings.prompt_ms, 2),
            "prefill": round(timings.prefill_ms, 2),
            "decode": round(timings.decode_ms, 2),
            "total": round(timings.total_ms, 2),
        },
    }


@dataclass
class Explanations:
    """Of the last requests, the newest first. They stay in memory."""

    _last: deque[Explanation] = field(default_factory=lambda: deque[Explanation](maxlen=_NUM_KEPT))

    def begin(self, uri: str, position: types.Position | None = None) -> Explanation:
        """Of the request that comes now, to be filled in with its answer."""
        explanation = Explanation(uri, position.line, position.character) if position else Explanation(uri)
        self._last.appendleft(explanation)
        return explanation

    def describe_last(self) -> str:
        """The last one in a sentence or two."""
        return "; ".join(self._last[0].describe()) if self._last else "Nothing was requested yet."

    def report(self) -> list[dict[str, object]]:
        """For `sotto.explainLast`."""
        return [each.report() for each in self._last]
