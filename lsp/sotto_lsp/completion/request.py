"""From a place in a document to the request for it: stop rule, limits. Knows no engine and no cache."""

from dataclasses import replace

from sotto_engine.decode.stop import opens_block
from sotto_engine.request import FillInRequest, Limits, Sampling, StopAt
from sotto_lsp.completion.fit.place import Place
from sotto_lsp.documents.indentation import leading
from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.documents.window import window
from sotto_lsp.settings import Settings

_SUFFIX_PART = 4
"""Of a narrow window's characters, as many before the cursor to one behind it."""
_LINE_SHARE = 0.25
"""Of the budget, after which a block ends with the line that it is in."""


def build_request(
    place: Place,
    settings: Settings,
    *,
    is_invoked: bool = False,
    decode_after_ms: float = 0.0,
    min_probability: float | None = None,
    only_read: bool = False,
) -> FillInRequest:
    """What belongs at the place? The suffix is the document's own.

    is_invoked: the user asked and sees the best there is; otherwise only what has `min_probability`.
    only_read: see Limits.
    """
    around = place.around
    limits = Limits(
        max_tokens=settings.max_tokens,
        stop_at=_choose_stop(place, settings),
        deadline_ms=settings.budget_ms,
        decode_after_ms=0.0 if is_invoked else decode_after_ms,
        line_deadline_ms=settings.budget_ms * _LINE_SHARE,
        min_probability=0.0 if is_invoked else min_probability,
        only_read=only_read,
    )
    return FillInRequest(
        around.prefix, around.suffix, around.name, sampling=Sampling(settings.temperature), limits=limits
    )


def narrow(request: FillInRequest, num_chars: int) -> FillInRequest:
    """The same question with little of the text around the cursor: a slow model reads that while the user waits.

    Where it begins depends on the text alone, and moves in jumps.
    """
    prefix, _ = window(request.prefix, len(request.prefix), num_chars)
    return replace(request, prefix=prefix, suffix=request.suffix[: num_chars // _SUFFIX_PART], path="")


def begin_next_line(request: FillInRequest, suggestion: str) -> FillInRequest | None:
    """The request after the suggestion and an indented new line are accepted; None inside a line."""
    if request.suffix.split("\n", 1)[0].strip():
        return None
    prefix = request.prefix + normalize_line_ends(suggestion)
    line = prefix[prefix.rfind("\n") + 1 :]
    return replace(request, prefix=f"{prefix}\n{leading(line)}")


def _choose_stop(place: Place, settings: Settings) -> StopAt:
    """A block where a new line begins or a block was opened; elsewhere the rest of the line."""
    line_prefix = place.around.line_prefix
    begins = not line_prefix.strip() or opens_block(line_prefix)
    is_block = settings.max_lines != 1 and begins and not place.around.line_suffix.strip()
    return StopAt.BLOCK if is_block else StopAt.LINE
