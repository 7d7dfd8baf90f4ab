"""Decoding with drafts beside one token a pass: the same places in real files, turn by turn, one model.

make bench-drafts [MODEL=DIR]
"""

import argparse
import random
import statistics
from collections.abc import Iterator
from pathlib import Path

import sotto_models
from benchmarks.replay import sources
from sotto_engine.cancel import CancelFlag
from sotto_engine.engine import EngineOptions
from sotto_engine.loading import load_engine
from sotto_engine.request import Completion, FillInRequest, Limits, StopAt

_TYPED = 12
"""Keys typed in one place before the next: an answer is mostly the one before, which is a draft."""


def requests(num: int, num_tokens: int) -> Iterator[FillInRequest]:
    """Places in four files of the standard library, the text typed on from each."""
    dice = random.Random(5)
    files = [source.text for source in sources()]
    for number in range(num):
        if number % _TYPED == 0:
            text = dice.choice(files)
            start = dice.randrange(3000, len(text) - 2000)
        typed = start + number % _TYPED
        before, behind = text[max(0, typed - 6000) : typed], text[start + 300 : start + 3300]
        yield FillInRequest(
            before, behind, limits=Limits(max_tokens=num_tokens, stop_at=StopAt.BUDGET, min_probability=0.0)
        )


def ms_per_token(done: Completion) -> float:
    return done.timings.decode_ms / max(1, len(done.token_ids) - 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=sotto_models.embedded_model_dir())
    parser.add_argument("--places", type=int, default=240)
    parser.add_argument("--tokens", type=int, default=32)
    options = parser.parse_args()
    drafting, manifest = load_engine(options.model)
    plain, _ = load_engine(options.model, EngineOptions(drafts=False))
    num_tokens, num_equal, ratios = 0, 0, []
    for number, request in enumerate(requests(options.places, options.tokens)):
        sides = [drafting, plain] if number % 2 else [plain, drafting]
        done = {id(engine): engine.complete(request, CancelFlag()) for engine in sides}
        with_drafts, without = done[id(drafting)], done[id(plain)]
        num_equal += with_drafts.text == without.text
        if min(len(with_drafts.token_ids), len(without.token_ids)) > 1:
            num_tokens += len(with_drafts.token_ids)
            ratios.append(ms_per_token(without) / ms_per_token(with_drafts))
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(f"{manifest.name}: {len(ratios)} answers, {num_tokens} tokens, up to {options.tokens} each")
    print(
        f"one token a pass / drafts, time a token: median {middle:.2f}, half of the answers {low:.2f} to {high:.2f}"
    )
    print(f"the same text: {num_equal} of {options.places} (passes of one token round differently)")


if __name__ == "__main__":
    main()
