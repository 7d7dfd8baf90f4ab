"""Loss on held-out code by kind of question, in nats a character: comparable between vocabularies."""

import random

import numpy as np
from tokenizers import Tokenizer

from recipe.corpus.cuts import cut
from recipe.corpus.examples import ExampleMaker
from recipe.corpus.library import Library
from recipe.corpus.pack import KINDS, pieces
from recipe.export.runner import Runner

_ATTEMPTS = 40


def measure_losses(
    runner: Runner, tokenizer: Tokenizer, library: Library, length: int, num_examples: int
) -> dict[str, float]:
    """Of the middle, given what stands around it; of the whole text, left to right."""
    dice = random.Random(5)
    texts = [piece for document in library.documents for piece in pieces(document.text, dice, length)]
    dice.shuffle(texts)
    return {kind: _loss(runner, tokenizer, texts, kind, length, num_examples) for kind in KINDS}


def _loss(runner: Runner, tokenizer: Tokenizer, texts: list[str], kind: str, length: int, num_examples: int) -> float:
    dice = random.Random(4)
    maker = ExampleMaker(tokenizer, dice)
    nats, chars, found = 0.0, 0, 0
    for text in texts:
        if kind == "left-to-right":
            ids = tokenizer.encode(text, add_special_tokens=False).ids[:length]
            num_before = 1
        else:
            parts = next((c for c in (cut(text, dice) for _ in range(_ATTEMPTS)) if c.kind == kind), None)
            whole = parts and maker.fim_parts(parts)
            ids = (whole.ids(length) if whole else None) or []
            num_before = len(ids) - 1 - len(whole.answer) if whole else 0
            ids = ids[:-1]  # the end token is no character
        if len(ids) > num_before > 0:
            nats += _nats(runner, ids, num_before)
            chars += len(tokenizer.decode(ids[num_before:]))
            found += 1
        if found == num_examples:
            break
    return nats / max(1, chars)


def _nats(runner: Runner, ids: list[int], num_before: int) -> float:
    """Of the ids after the first ones, given those."""
    logits = runner.forward(ids[:-1], 0, num_logits=len(ids) - num_before).astype(np.float64)
    targets = np.array(ids[num_before:])
    top = logits.max(axis=-1)
    total = top + np.log(np.exp(logits - top[:, None]).sum(axis=-1))
    return float((total - logits[np.arange(len(targets)), targets]).sum())
