"""A suggestion stays inside the block that the cursor stands in."""

from sotto_engine.decode.stop import find_end_of_block
from sotto_lsp.completion.filters.surroundings import Surroundings


def dedent(text: str, around: Surroundings) -> str:
    """Cut before the first line that leaves the block, by the engine's own rule."""
    end = find_end_of_block(text + "\n", around.line_prefix)
    return text if end is None else text[:end]
