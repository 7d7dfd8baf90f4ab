"""A suggestion stays inside the block that the cursor stands in."""

from sotto_engine.decode.stop import block_end
from sotto_lsp.completion.filters.place import Place


def dedent(text: str, place: Place) -> str:
    """Cut before the first line that leaves the block, by the engine's own rule."""
    end = block_end(text + "\n", place.line_prefix)
    return text if end is None else text[:end]
