"""textDocument/inlineCompletion: ghost text at the cursor."""

from dataclasses import replace
from functools import partial

from lsprotocol import types

from sotto_engine.request import FillInRequest
from sotto_engine.cancel import CancelFlag
from sotto_lsp.completion.fitting import fit
from sotto_lsp.completion.request import begin_next_line, build_request
from sotto_lsp.completion.suffixes import without_closers
from sotto_lsp.completion.type_through import LastSuggestion
from sotto_lsp.documents.gap_text import Text
from sotto_lsp.documents.paths import file_name
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.host.session import Session


async def inline_completion(
    session: Session, documents: DocumentStore, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """Always a list: null would leave a stale ghost in Neovim. The range is empty, which every editor shows."""
    uri = params.text_document.uri
    session.supersede(types.TEXT_DOCUMENT_INLINE_COMPLETION, uri)
    snapshot = documents.usable_snapshot(uri)
    if not await session.answers_for(snapshot) or snapshot is None:
        return types.InlineCompletionList(items=[])
    offset = snapshot.offset_at(params.position)
    if (selected := params.context.selected_completion_info) is not None:
        return await _behind_selected(session, documents, snapshot, offset, selected)
    is_invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    text = await suggest(session, documents, snapshot, offset, is_invoked=is_invoked)
    at_cursor = types.Range(snapshot.position_at(offset), snapshot.position_at(offset))
    return _list_of(text, at_cursor)


async def suggest(
    session: Session,
    documents: DocumentStore,
    snapshot: DocumentSnapshot,
    offset: int,
    *,
    is_invoked: bool = False,
) -> str:
    """The text to show at `offset`, "" for nothing; remembered for the keystrokes that type along it."""
    if not is_invoked:
        session.pace.add_key()
    last = session.last_suggestions.get(snapshot.uri)
    if last is not None and (rest := last.continued_in(snapshot.content, offset)):
        session.metrics.num_from_last_suggestion += 1
        return rest
    if text := await session.foresight.at(snapshot.content, offset):
        session.metrics.num_foreseen += 1
    else:
        text = await _ask(session, snapshot.uri, snapshot.content, offset, is_invoked=is_invoked)
    if not _is_current(documents, snapshot):
        return ""
    shown = session.last_suggestions[snapshot.uri] = LastSuggestion.at(snapshot.content, offset, text)
    ahead = partial(_prepare, session, snapshot, shown)
    if text:
        session.foresight.begin(shown, partial(_think_on, session, snapshot, shown), ahead)
    elif not session.background.is_busy:  # as it is with a question whose time ran out
        session.background.begin(ahead)
    return text


async def _ask(session: Session, uri: str, text: Text, offset: int, *, is_invoked: bool = False) -> str:
    request = build_request(text, offset, file_name(uri), session.settings, is_invoked=is_invoked)
    if is_invoked:
        session.suffixes.renew(uri, request.suffix)
    else:
        limits = replace(request.limits, decode_after_ms=session.pace.decode_after_ms())
        request = replace(request, limits=limits)
    completion = await session.complete(as_asked(session, uri, request))
    if completion is None:
        return ""
    session.pace.add_answer(completion.timings.decode_ms)
    return fit(completion, request, text).text


def as_asked(session: Session, uri: str, request: FillInRequest) -> FillInRequest:
    """The request with the suffix that the model has seen, where that is nearly the request's own."""
    return replace(request, suffix=session.suffixes.nearest(uri, request.suffix))


async def _think_on(
    session: Session, snapshot: DocumentSnapshot, shown: LastSuggestion, cancelled: CancelFlag
) -> str:
    document = snapshot.content.edited(shown.offset, shown.offset, shown.text)
    offset = shown.offset + len(shown.text)
    asked = build_request(document, offset, file_name(snapshot.uri), session.settings)
    limits = replace(asked.limits, deadline_ms=None, line_deadline_ms=None)  # nobody waits
    request = replace(asked, limits=limits)
    completion = await session.think_on(as_asked(session, snapshot.uri, request), cancelled)
    return "" if completion is None else fit(completion, request, document).text


async def _prepare(
    session: Session, snapshot: DocumentSnapshot, shown: LastSuggestion, cancelled: CancelFlag
) -> None:
    """For the next question here: the suffix as it is by now, and the prompt of the next line."""
    uri = snapshot.uri
    asked = build_request(snapshot.content, shown.offset, file_name(uri), session.settings)
    exact = replace(asked, suffix=without_closers(asked.suffix))
    if not session.suffixes.is_exact(uri, exact.suffix) and await session.prefill_beside(exact, cancelled):
        session.suffixes.renew(uri, exact.suffix)
    if (request := begin_next_line(as_asked(session, uri, asked), shown.text)) is not None:
        await session.prefill_beside(request, cancelled)


async def _behind_selected(
    session: Session,
    documents: DocumentStore,
    snapshot: DocumentSnapshot,
    offset: int,
    selected: types.SelectedCompletionInfo,
) -> types.InlineCompletionList:
    """With an entry of the completion list selected, the ghost goes on behind it, as the client demands."""
    start = snapshot.offset_at(selected.range.start)
    as_if_accepted = snapshot.content.edited(start, offset, selected.text)
    text = await _ask(session, snapshot.uri, as_if_accepted, start + len(selected.text))
    if not text or not _is_current(documents, snapshot):
        return types.InlineCompletionList(items=[])
    return _list_of(selected.text + text, selected.range)


def _is_current(documents: DocumentStore, snapshot: DocumentSnapshot) -> bool:
    """Whether the document is still what it was: an answer for a text that is gone is no answer."""
    document = documents.get(snapshot.uri)
    return document is not None and document.snapshot() is snapshot


def _list_of(text: str, range_: types.Range) -> types.InlineCompletionList:
    items = [types.InlineCompletionItem(insert_text=text, range=range_)] if text else []
    return types.InlineCompletionList(items=items)
