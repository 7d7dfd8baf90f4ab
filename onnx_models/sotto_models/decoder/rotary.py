"""Rotary position embeddings: the table of angles, and how its frequencies are stretched for long contexts."""

import math

import numpy as np
from numpy.typing import NDArray

from sotto_models.decoder.description import DecoderDescription, RopeScaling
from sotto_models.decoder.graph import Graph

_STEP = 16
"""What GroupQueryAttention takes a multiple of."""
_BETA_FAST, _BETA_SLOW = 32, 1
"""Of YaRN: dimensions that turn more often than the first are kept, less often than the second stretched whole."""


def add_rotary_tables(graph: Graph, description: DecoderDescription) -> tuple[str, str]:
    """cos and sin, float32 [max_positions, rotary_dim / 2]."""
    size = description.rotary_dim or description.head_dim
    if size % _STEP or size > description.head_dim:
        raise ValueError(f"{size} rotary dimensions of {description.head_dim} are not supported")
    frequencies, scale = find_frequencies(description)
    angles = np.outer(np.arange(description.max_positions, dtype=np.float64), frequencies)
    cos = graph.constant("cos_cache", (scale * np.cos(angles)).astype(np.float32))
    sin = graph.constant("sin_cache", (scale * np.sin(angles)).astype(np.float32))
    return cos, sin


def find_frequencies(description: DecoderDescription) -> tuple[NDArray[np.float64], float]:
    """Radians a position, [rotary_dim / 2], and what cos and sin are multiplied by."""
    size = description.rotary_dim or description.head_dim
    plain = description.rope_theta ** -(np.arange(0, size, 2, dtype=np.float64) / size)
    scaling = description.rope_scaling
    if scaling is None:
        return plain, 1.0
    if scaling.kind == "linear":
        return plain / scaling.factor, 1.0
    if scaling.kind == "llama3":
        return _stretch_low(plain, scaling), 1.0
    if scaling.kind == "yarn":
        return _stretch_yarn(plain, scaling, description.rope_theta, size), 0.1 * math.log(scaling.factor) + 1.0
    raise ValueError(f"rotary scaling {scaling.kind!r} is not known, only linear, llama3 and yarn")


def _stretch_low(plain: NDArray[np.float64], scaling: RopeScaling) -> NDArray[np.float64]:
    """Llama 3.1's rule: low frequencies are divided by the factor, high ones kept, those between mixed."""
    turns = scaling.original_positions * plain / (2 * math.pi)
    kept = np.clip((turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor), 0.0, 1.0)
    return kept * plain + (1 - kept) * plain / scaling.factor


def _stretch_yarn(plain: NDArray[np.float64], scaling: RopeScaling, theta: float, size: int) -> NDArray[np.float64]:
    """YaRN (arXiv 2309.00071), by parts: a ramp over the dimensions between two numbers of turns."""

    def find_dimension(num_turns: float) -> float:
        return size * math.log(scaling.original_positions / (num_turns * 2 * math.pi)) / (2 * math.log(theta))

    low = max(math.floor(find_dimension(_BETA_FAST)), 0)
    high = min(math.ceil(find_dimension(_BETA_SLOW)), size - 1)
    ramp = np.clip((np.arange(size // 2) - low) / max(high - low, 0.001), 0, 1)
    return ramp * plain / scaling.factor + (1 - ramp) * plain
