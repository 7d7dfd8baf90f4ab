"""The shared prefix of two sequences, compared in slices: that runs in C, a loop over items does not."""

from collections.abc import Sequence


def shared_prefix_length(a: Sequence[object], b: Sequence[object]) -> int:
    """How many items (tokens, characters) two sequences have in common from the start."""
    limit = min(len(a), len(b))
    if a[:limit] == b[:limit]:
        return limit
    low, high = 0, limit
    while low + 1 < high:
        middle = (low + high) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle
    return low if a[low] != b[low] else high
