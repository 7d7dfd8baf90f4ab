"""HumanEval single-line infilling: how often the first generated line is exactly the missing one.

The prompt is suffix-first, `<|fim_prefix|><|fim_suffix|>` suffix `<|fim_middle|>` prefix, its parts
tokenized each for itself. The missing line's indentation stands at the end of the prefix, as an editor
would have put it there. Greedy, at most 64 new tokens, to a control id (0-7) or the end of the first line
that is not blank. It is compared with the missing line, both stripped. Prompts longer than the model was
trained at lose the head of the prefix and the tail of the suffix; three quarters of the room are the
prefix's.
"""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from recipe.runner import Runner

_MAX_NEW_TOKENS = 64
_MAX_PROMPT_TOKENS = 1024 - _MAX_NEW_TOKENS
_NUM_CONTROL_IDS = 8


@dataclass(frozen=True)
class Gap:
    prefix: str
    suffix: str
    line: str


def read_gaps(path: Path, limit: int) -> list[Gap]:
    """The first `limit` rows of a HumanEval infilling file (.jsonl.gz)."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for _, line in zip(range(limit), lines, strict=False)]
    return [_gap(row["prompt"], row["suffix"], row["canonical_solution"]) for row in rows]


def num_exact(runner: Runner, tokenizer: Tokenizer, gaps: list[Gap]) -> int:
    return sum(complete_line(runner, tokenizer, gap) == gap.line for gap in gaps)


def complete_line(runner: Runner, tokenizer: Tokenizer, gap: Gap) -> str:
    """The first line that the model puts into the gap, stripped."""
    prompt = _prompt(tokenizer, gap)
    next_id = int(runner.prefill(prompt).argmax())
    generated: list[int] = []
    while next_id >= _NUM_CONTROL_IDS and len(generated) < _MAX_NEW_TOKENS:
        generated.append(next_id)
        if "\n" in tokenizer.decode(generated).lstrip():
            break
        # Two rows rather than one: attention rounds differently for a single row, and the score would depend
        # on how the prompt was cut.
        position = len(prompt) + len(generated) - 2
        next_id = int(runner.forward([*prompt[-1:], *generated][-2:], position)[-1].argmax())
    return tokenizer.decode(generated).lstrip().split("\n")[0].strip()


def _gap(prefix: str, suffix: str, solution: str) -> Gap:
    indentation = solution[: len(solution) - len(solution.lstrip(" \t"))]
    # What follows the gap starts with the newline that ends the missing line.
    line = solution.strip()
    return Gap(prefix=prefix + indentation, suffix="\n" + suffix, line=line)


def _prompt(tokenizer: Tokenizer, gap: Gap) -> list[int]:
    prefix, suffix = (
        tokenizer.encode(part, add_special_tokens=False).ids for part in (gap.prefix, gap.suffix)
    )
    room = _MAX_PROMPT_TOKENS - 3
    if len(prefix) + len(suffix) > room:
        prefix = prefix[-max(3 * room // 4, room - len(suffix)) :]
        suffix = suffix[: room - len(prefix)]
    fim_prefix, fim_suffix, fim_middle = (
        tokenizer.token_to_id(f"<|fim_{part}|>") for part in ("prefix", "suffix", "middle")
    )
    return [fim_prefix, fim_suffix, *suffix, fim_middle, *prefix]
