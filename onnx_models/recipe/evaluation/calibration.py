"""Is the model's own probability worth something? Reliability, area under the curve, and what a threshold buys."""

from dataclasses import dataclass

import numpy as np

from recipe.evaluation.answers import Answer

_BINS = 10
_THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.5)


@dataclass(frozen=True)
class Calibration:
    """bins: (mean probability, share right, how many) of each tenth of the answers, least probable first."""

    bins: list[tuple[float, float, int]]
    area: float
    """under the receiver operating characteristic: 0.5 is worth nothing, 1 separates right from wrong"""
    threshold: float
    """the probability that half of the answers reach"""
    right_above: float
    """share right of that half"""
    right: float
    """share right of all"""
    kept: list[tuple[float, float, float]]
    """(threshold, share of the answers that reach it, share right of those): what `min_probability` would show"""


def calibrate(answers: list[Answer]) -> Calibration:
    """Of greedy answers with text in them."""
    ranked = sorted((answer for answer in answers if answer.text.strip()), key=lambda answer: answer.probability)
    probabilities = np.array([answer.probability for answer in ranked])
    is_right = np.array([answer.is_right for answer in ranked], float)
    half = len(ranked) // 2
    return Calibration(
        bins=[
            (float(p.mean()), float(r.mean()), len(p))
            for p, r in zip(np.array_split(probabilities, _BINS), np.array_split(is_right, _BINS), strict=True)
        ],
        area=_area(is_right),
        threshold=float(probabilities[half]),
        right_above=float(is_right[half:].mean()),
        right=float(is_right.mean()),
        kept=[
            (threshold, float(reach.mean()), float(is_right[reach].mean()))
            for threshold in _THRESHOLDS
            if (reach := probabilities >= threshold).any()
        ],
    )


def _area(is_right: np.ndarray) -> float:
    """Chance that a right answer ranks above a wrong one (Mann-Whitney); ranks rise with the index."""
    num_right = is_right.sum()
    num_wrong = len(is_right) - num_right
    if not num_right or not num_wrong:
        return float("nan")
    ranks = np.arange(1, len(is_right) + 1)
    return float((ranks[is_right > 0].sum() - num_right * (num_right + 1) / 2) / (num_right * num_wrong))
