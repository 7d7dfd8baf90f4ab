"""One completion in progress: its text, tokens, stop rules and clock."""

import time
from collections.abc import Callable

from sotto_engine.request import Completion, CompletionRequest, FinishReason, Timings
from sotto_engine.sampler import Choice
from sotto_engine.stop import StopRule
from sotto_engine.text_stream import TextStream


class DeadlinePassed(Exception):  # noqa: N818 - an agreed end, not an error
    """The request's time is over; what there is of the text is the answer."""


class CompletionRun:
    """Collects what the engine's stages produce and turns it into a Completion."""

    def __init__(self, request: CompletionRequest, on_text: Callable[[str], None] | None) -> None:
        self.request = request
        self._on_text = on_text
        line_prefix = request.prefix[request.prefix.rfind("\n") + 1 :]
        self._stop_rule = StopRule(request.stop_at, request.stop_strings, line_prefix)
        self._stream = TextStream()
        self._length = 0
        """characters of the text that belong to the answer"""
        self._num_sent = 0
        self._choices: list[tuple[Choice, int]] = []
        """each token with the text's length before it"""
        self._num_prompt_tokens = 0
        self._num_cached_tokens = 0
        self._start = self._prompt_at = self._prefill_at = self._first_token_at = time.perf_counter()

    def prompt_ready(self, num_prompt_tokens: int, num_cached_tokens: int) -> None:
        self._num_prompt_tokens = num_prompt_tokens
        self._num_cached_tokens = num_cached_tokens
        self._prompt_at = self._prefill_at = self._first_token_at = time.perf_counter()

    def prefill_done(self) -> None:
        self._prefill_at = self._first_token_at = time.perf_counter()

    def check_deadline(self) -> None:
        """Raise DeadlinePassed if the request's time is over."""
        deadline_ms = self.request.deadline_ms
        if deadline_ms is not None and _ms(self._start, time.perf_counter()) > deadline_ms:
            raise DeadlinePassed

    def add(self, choice: Choice, token_bytes: bytes) -> FinishReason | None:
        """Take one token; the reason to stop, if its text brings one."""
        if not self._choices:
            self._first_token_at = time.perf_counter()
        self._choices.append((choice, len(self._stream.text)))
        self._stream.push(token_bytes)
        text = self._stream.text
        cut = self._stop_rule.cut(text)
        self._length = len(text) if cut is None else cut.length
        self._send(min(self._stop_rule.settled(text), self._length))
        return None if cut is None else cut.reason

    def completion(self, reason: FinishReason) -> Completion:
        """The answer, its last piece of text sent."""
        self._send(self._length)
        end = time.perf_counter()
        kept = [choice for choice, start in self._choices if start < self._length or start == 0]
        return Completion(
            text=self._stream.text[: self._length],
            token_ids=tuple(choice.token_id for choice in kept),
            token_logprobs=tuple(choice.logprob for choice in kept),
            finish_reason=reason,
            num_prompt_tokens=self._num_prompt_tokens,
            num_cached_tokens=self._num_cached_tokens,
            timings=Timings(
                prompt_ms=_ms(self._start, self._prompt_at),
                prefill_ms=_ms(self._prompt_at, self._prefill_at),
                first_token_ms=_ms(self._start, self._first_token_at),
                decode_ms=_ms(self._prefill_at, end),
                total_ms=_ms(self._start, end),
            ),
        )

    def _send(self, length: int) -> None:
        if self._on_text is not None and length > self._num_sent:
            self._on_text(self._stream.text[self._num_sent : length])
        self._num_sent = max(self._num_sent, length)


def _ms(start: float, end: float) -> float:
    return (end - start) * 1000
