"""Counters of this server's own work. They stay in this process; `sotto.metrics` shows them on request."""

import dataclasses
import sys
import time
from dataclasses import dataclass

from sotto_engine.request import Completion


@dataclass
class Metrics:
    """Sums since the start."""

    num_completions: int = 0
    """by the model"""
    num_action_answers: int = 0
    """by the model, for code actions; in no other counter"""
    num_from_last_suggestion: int = 0
    """answered by the suggestion on the screen"""
    num_ahead: int = 0
    """by the model, for the place after a suggestion that was not accepted yet"""
    num_ahead_tokens: int = 0
    """of prompts that were not requested yet"""
    num_foreseen: int = 0
    """answered by what was computed ahead"""
    num_prompt_tokens: int = 0
    num_cached_tokens: int = 0
    num_new_tokens: int = 0
    engine_ms: float = 0.0

    def add(self, completion: Completion) -> None:
        """Count one answer of the model."""
        self.num_completions += 1
        self.num_prompt_tokens += completion.num_prompt_tokens
        self.num_cached_tokens += completion.num_cached_tokens
        self.num_new_tokens += len(completion.token_ids)
        self.engine_ms += completion.timings.total_ms

    def add_of_action(self) -> None:
        """Count one candidate for a code action."""
        self.num_action_answers += 1

    def report(self) -> dict[str, float]:
        """The counters with the CPU seconds and the peak memory of the process."""
        return {
            **dataclasses.asdict(self),
            "cpu_seconds": time.process_time(),
            "peak_memory_nbytes": _peak_memory_nbytes(),
        }


def _peak_memory_nbytes() -> int:
    if sys.platform == "win32":
        return 0  # the standard library does not tell
    import resource  # noqa: PLC0415 - POSIX only

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
