"""One run of the engine: its steps, and a completion's text, tokens, stop rules and clock. Runs no model."""

import codecs
import math
import time
from collections.abc import Callable, Generator
from typing import TypeVar

from sotto_engine.decode.sampler import Choice
from sotto_engine.decode.stop import Cut, StopRule
from sotto_engine.request import ChatRequest, Completion, FinishReason, Request, Timings

T = TypeVar("T")
Steps = Generator[float, None, T]
"""Work cut into passes of the model. It yields the seconds that it wants to rest before the next one, mostly 0.0,
and returns the result. Only one thread may step it or close it."""


def run_steps(steps: Steps[T]) -> T:
    """All steps to the end, for a caller with nothing else to run."""
    while True:
        try:
            rest_s = next(steps)
        except StopIteration as end:
            return end.value
        if rest_s:
            time.sleep(rest_s)


class DeadlinePassed(Exception):  # noqa: N818 - an agreed end, not an error
    """The request's time is over; what there is of the text is the answer."""


class CompletionRun:
    """Collects what the engine's stages produce and turns it into a Completion."""

    def __init__(
        self,
        request: Request,
        on_text: Callable[[str], None] | None,
        min_probability: float = 0.0,
    ) -> None:
        """`min_probability`: the model's own, where the request names none."""
        self.request = request
        self._on_text = on_text
        self._limits = limits = request.limits
        named = limits.min_probability
        self._min_probability = min_probability if named is None else named
        self._line_logprobs: list[float] = [0.0]
        """of each line so far"""
        before = request.answer_prefix if isinstance(request, ChatRequest) else request.prefix
        line_prefix = before[before.rfind("\n") + 1 :]
        self._stop_rule = StopRule(limits.stop_at, limits.stop_strings, line_prefix)
        self._stream = TextStream()
        self._length = 0
        """characters of the text that belong to the answer"""
        self._num_sent = 0
        self._choices: list[tuple[Choice, int]] = []
        """each token with the text's length before it"""
        self._num_prompt_tokens = 0
        self._num_cached_tokens = 0
        self._start = self._prompt_at = self._prefill_at = self._decode_at = time.perf_counter()
        self._first_token_at = self._start

    def prompt_ready(self, num_prompt_tokens: int, num_cached_tokens: int) -> None:
        self._num_prompt_tokens = num_prompt_tokens
        self._num_cached_tokens = num_cached_tokens
        self._prompt_at = self._prefill_at = self._decode_at = self._first_token_at = time.perf_counter()

    def prefill_done(self) -> None:
        self._prefill_at = self._decode_at = self._first_token_at = time.perf_counter()

    def rest_s(self) -> float:
        """Seconds until the request wants to be decoded; 0.0 when that time has come."""
        left_ms = self._limits.decode_after_ms - _ms(self._start, time.perf_counter())
        return max(0.0, left_ms / 1000)

    def decode_begins(self) -> None:
        self._decode_at = self._first_token_at = time.perf_counter()

    def check_deadline(self) -> None:
        """Raise DeadlinePassed if the request's time is over."""
        if self._is_past(self._limits.deadline_ms):
            raise DeadlinePassed

    def add(self, choice: Choice, token_bytes: bytes) -> FinishReason | None:
        """Take one token; the reason to stop, if its text brings one."""
        if not self._choices:
            self._first_token_at = time.perf_counter()
        self._choices.append((choice, len(self._stream.text)))
        self._stream.push(token_bytes)
        text = self._stream.text
        num_lines = 1 + text.count("\n")
        if self._is_unsure(choice):
            return FinishReason.UNSURE
        self._line_logprobs += [0.0] * (num_lines - len(self._line_logprobs))
        cut = self._stop_rule.cut(text) or self._cut_late_line(text)
        self._length = len(text) if cut is None else cut.length
        settled = min(self._stop_rule.settled(text), self._length)
        # A line can turn out too improbable until it has ended.
        self._send(min(settled, _end_of_line(text, num_lines - 2)) if self._min_probability else settled)
        return None if cut is None else cut.reason

    def stop(self, choice: Choice) -> FinishReason:
        """Take a stop id: it says that the last line is complete."""
        return FinishReason.UNSURE if self._is_unsure(choice) else FinishReason.STOP_ID

    def completion(self, reason: FinishReason) -> Completion:
        """The answer, its last piece of text sent."""
        self._send(self._length)
        end = time.perf_counter()
        kept = [choice for choice, start in self._choices if start < self._length or start == 0]
        text = self._stream.text[: self._length]
        return Completion(
            text=text,
            token_ids=tuple(choice.token_id for choice in kept),
            token_logprobs=tuple(choice.logprob for choice in kept),
            finish_reason=reason,
            num_prompt_tokens=self._num_prompt_tokens,
            num_cached_tokens=self._num_cached_tokens,
            timings=Timings(
                prompt_ms=_ms(self._start, self._prompt_at),
                prefill_ms=_ms(self._prompt_at, self._prefill_at),
                first_token_ms=_ms(self._start, self._first_token_at),
                decode_ms=_ms(self._decode_at, end),
                total_ms=_ms(self._start, end),
            ),
            line_probabilities=tuple(map(math.exp, self._line_logprobs[: 1 + text.count("\n")])),
        )

    def _cut_late_line(self, text: str) -> Cut | None:
        """A whole line in time is worth more than a block too late; what was sent is not taken back."""
        end = text.rfind("\n")
        if end < self._num_sent or not text[:end].strip() or not self._is_past(self._limits.line_deadline_ms):
            return None
        return Cut(end, FinishReason.LINE)

    def _is_past(self, deadline_ms: float | None) -> bool:
        return deadline_ms is not None and _ms(self._start, time.perf_counter()) > deadline_ms

    def _is_unsure(self, choice: Choice) -> bool:
        """Count a token for the line it begins in, a line's end for that line; cut a line too improbable off."""
        self._line_logprobs[-1] += choice.logprob
        if math.exp(self._line_logprobs[-1]) >= self._min_probability:
            return False
        self._length = _end_of_line(self._stream.text, len(self._line_logprobs) - 2)
        return True

    def _send(self, length: int) -> None:
        if self._on_text is not None and length > self._num_sent:
            self._on_text(self._stream.text[self._num_sent : length])
        self._num_sent = max(self._num_sent, length)


class TextStream:
    """Token bytes as text; an unfinished code point is held back until its bytes are there."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.text = ""

    def push(self, data: bytes) -> None:
        """Add one token's bytes; invalid ones become U+FFFD."""
        self.text += self._decoder.decode(data)


def _end_of_line(text: str, number: int) -> int:
    """Where a line ends, counted from 0; 0 for the one before the first."""
    return len("\n".join(text.split("\n")[: number + 1]))


def _ms(start: float, end: float) -> float:
    return (end - start) * 1000
