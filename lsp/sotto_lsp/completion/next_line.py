"""The question that the next line will ask, known from what is asked on this one.

In the anchored order a new line costs the suffix and some lines once more; asked early, it costs no key anything.
"""

from dataclasses import replace

from sotto_engine.request import FillInRequest
from sotto_lsp.documents.line_ends import normalize_line_ends


def next_line(request: FillInRequest, suggestion: str) -> FillInRequest | None:
    """With the suggestion accepted and a new line begun, as an editor indents it; None inside a line."""
    rest_of_line = request.suffix.split("\n", 1)[0]
    if rest_of_line.strip():
        return None
    before = request.prefix + normalize_line_ends(suggestion)
    line = before[before.rfind("\n") + 1 :]
    indentation = line[: len(line) - len(line.lstrip(" \t"))]
    return replace(request, prefix=f"{before}\n{indentation}")
