"""What goes into `Engine.complete` and what comes out: frozen dataclasses, plain strings and numbers."""

from dataclasses import dataclass, field
from enum import StrEnum


class StopAt(StrEnum):
    """How far a completion may go, besides the stop ids that every model has."""

    LINE = "line"
    """up to the end of the first line that holds text"""
    BLOCK = "block"
    """up to the end of the indented block that the cursor stands in"""
    BUDGET = "budget"
    """until a stop id or the token budget"""


class FimOrder(StrEnum):
    """How prefix and suffix are arranged. In both, what is typed stands last: a keystroke costs that alone."""

    SUFFIX_FIRST = "suffix-first"
    """suffix, prefix"""
    ANCHORED = "anchored"
    """prefix up to an anchor, suffix, then what was typed since, after the middle token"""

    @classmethod
    def _missing_(cls, value: object) -> "FimOrder | None":
        """`prefix-first` is anchored, too: with all of the prefix in front, a key would cost the whole suffix."""
        return cls.ANCHORED if value == PREFIX_FIRST else None


PREFIX_FIRST = "prefix-first"
"""Another name of the anchored order, for settings and manifests."""


class FinishReason(StrEnum):
    """Why the engine stopped."""

    STOP_ID = "stop_id"
    STOP_STRING = "stop_string"
    LINE = "line"
    BLOCK = "block"
    UNSURE = "unsure"
    """the next line was less probable than the request wants to see"""
    LENGTH = "length"
    DEADLINE = "deadline"
    CANCELLED = "cancelled"
    UNREAD = "unread"
    """the prompt would have to be read first, and the request did not want to wait for that"""


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. `temperature=0` is greedy and ignores the rest."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    """0: no limit"""
    seed: int = 0
    first_rank: int = 0
    """The first token is not the sampler's choice but the one with so many more probable ones; 0: no such rule.
    Several answers to one prompt, from the likeliest beginnings."""


@dataclass(frozen=True)
class Snippet:
    """Text of another place that is set in front of the file, where the model's format has room for it."""

    path: str
    text: str


@dataclass(frozen=True)
class Message:
    """A turn of a conversation with an instruct model: `system`, `user` or `assistant`."""

    role: str
    content: str


@dataclass(frozen=True)
class Limits:
    """How long an answer may get, and how long it may take.

    stop_strings: the answer ends before the first of them.
    deadline_ms: no decode step starts later than this many milliseconds after the call; `None`: no limit.
    decode_after_ms: no decode step starts earlier than this many milliseconds after the call. The prompt is
        computed at once: a newer request may come first and cancel this one.
    line_deadline_ms: once so many milliseconds have passed, the answer ends with the line it is in; `None`: no limit.
    min_probability: a line that the model gives less than this is not in the answer, nor is what follows it.
        Decoding ends as soon as that is certain; `None`: as the model's manifest says.
    only_read: the request ends at once where more of its prompt is missing in the cache than is read while a user
        waits (`EngineOptions.quick_tokens`).
    """

    max_tokens: int = 64
    stop_at: StopAt = StopAt.BLOCK
    stop_strings: tuple[str, ...] = ()
    deadline_ms: float | None = None
    decode_after_ms: float = 0.0
    line_deadline_ms: float | None = None
    min_probability: float | None = None
    only_read: bool = False


@dataclass(frozen=True)
class FillInRequest:
    """What stands between `prefix` and `suffix`?

    prefix, suffix: the document's text on both sides of the cursor, with `\n` line ends.
    path, repository: real names, used where the model was trained with a header; empty for none.
    """

    prefix: str
    suffix: str = ""
    path: str = ""
    repository: str = ""
    snippets: tuple[Snippet, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class EditRequest:
    """What replaces `region` between `prefix` and `suffix`? For models that were trained for such tasks.

    task: one of `fim.EDIT_TASKS`.
    """

    task: str
    prefix: str
    region: str = ""
    suffix: str = ""
    path: str = ""
    repository: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class ChatRequest:
    """A question to an instruct model, in its own chat format.

    answer_prefix: how the answer begins; it is not repeated in the completion's text.
    """

    messages: tuple[Message, ...]
    answer_prefix: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    limits: Limits = field(default_factory=Limits)


Request = FillInRequest | EditRequest | ChatRequest


@dataclass(frozen=True)
class Timings:
    """Milliseconds spent in each stage of one completion."""

    prompt_ms: float = 0.0
    """template and tokenizer"""
    prefill_ms: float = 0.0
    first_token_ms: float = 0.0
    """from the call to the first new token"""
    decode_ms: float = 0.0
    """without what `decode_after_ms` made it wait"""
    total_ms: float = 0.0


@dataclass(frozen=True)
class Completion:
    """The model's answer.

    text: what to insert at the cursor; never repeats what was typed.
    token_ids, token_logprobs: the generated tokens and their natural-log probabilities under the distribution
        that they were drawn from, same length; a token cut off by a stop rule is not among them.
    line_probabilities: for each line of the text, how probable all its tokens were together, with the one that
        ended it.
    num_prompt_tokens: length of the prompt; num_cached_tokens: how many of them were not computed again.
    """

    text: str
    token_ids: tuple[int, ...]
    token_logprobs: tuple[float, ...]
    finish_reason: FinishReason
    num_prompt_tokens: int
    num_cached_tokens: int
    timings: Timings
    line_probabilities: tuple[float, ...] = ()

    @property
    def is_cut_off(self) -> bool:
        """Whether a budget ended it."""
        return self.finish_reason in (FinishReason.LENGTH, FinishReason.DEADLINE)
