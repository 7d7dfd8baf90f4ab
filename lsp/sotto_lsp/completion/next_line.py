"""The question that the next line will ask, known from what is asked on this one.

In the anchored order a new line costs the suffix and some lines once more; asked early, it costs no key anything.
"""

from dataclasses import replace

from sotto_engine.request import CompletionRequest
from sotto_lsp.documents.window import normalised


def next_line(request: CompletionRequest, suggestion: str) -> CompletionRequest | None:
    """With the suggestion accepted and a new line begun, as an editor indents it; None inside a line."""
    rest_of_line = request.suffix.split("\n", 1)[0]
    if rest_of_line.strip():
        return None
    before = request.prefix + normalised(suggestion)
    line = before[before.rfind("\n") + 1 :]
    indentation = line[: len(line) - len(line.lstrip(" \t"))]
    return replace(request, prefix=f"{before}\n{indentation}")
