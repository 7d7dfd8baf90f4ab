"""textDocument/inlineCompletion and textDocument/completion: ghost text, and the same text as an entry of a list."""

import re

from lsprotocol import types

from sotto_lsp.completion.completer import Completer
from sotto_lsp.completion.fit.fitting import Suggestion
from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.documents.snapshot import DocumentSnapshot

_WORD_BEFORE = re.compile(r"\w*\Z")
_MAX_WORD_CHARS = 200
_LABEL_CHARS = 60


async def inline_completion(completer: Completer, params: types.InlineCompletionParams) -> types.InlineCompletionList:
    """Always a list: null would leave a stale ghost in Neovim.

    The range begins at the cursor, and is empty but for clients that draw a suggestion over closers.
    """
    snapshot = await completer.begin(types.TEXT_DOCUMENT_INLINE_COMPLETION, params.text_document.uri)
    if snapshot is None:
        return types.InlineCompletionList(items=[])
    offset = snapshot.offset_at(params.position)
    if (selected := params.context.selected_completion_info) is not None:
        # The protocol wants the ghost to begin with the selected entry of the completion list.
        start = snapshot.offset_at(selected.range.start)
        suggestion = await completer.suggest_after(snapshot, start, offset, selected.text)
        text = suggestion.text and selected.text + suggestion.text
    else:
        start = offset
        is_invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
        suggestion = await completer.suggest(snapshot, offset, is_invoked=is_invoked)
        text = suggestion.text
    range_ = snapshot.range_at(start, offset + suggestion.num_replaced)
    items = [types.InlineCompletionItem(insert_text=text, range=range_)] if text else []
    return types.InlineCompletionList(items=items)


async def completion(completer: Completer, params: types.CompletionParams) -> types.CompletionList:
    """At most one entry, for editors without ghost text. Incomplete: the client asks again at every key."""
    snapshot = await completer.begin(types.TEXT_DOCUMENT_COMPLETION, params.text_document.uri)
    offset = snapshot.offset_at(params.position) if snapshot else 0
    suggestion = await completer.suggest(snapshot, offset) if snapshot else None
    items = [_list_item(snapshot, offset, suggestion)] if snapshot and suggestion and suggestion.text else []
    return types.CompletionList(is_incomplete=True, items=items)


def _list_item(snapshot: DocumentSnapshot, offset: int, suggestion: Suggestion) -> types.CompletionItem:
    """Of kind Text: Helix expands every other kind."""
    text, end = suggestion.text, offset + suggestion.num_replaced
    match = _WORD_BEFORE.search(snapshot.content[max(0, offset - _MAX_WORD_CHARS) : offset])
    word = match.group() if match else ""
    shown = normalize_line_ends(word + text)
    first_line, _, more = shown.partition("\n")
    return types.CompletionItem(
        label=first_line[:_LABEL_CHARS].strip() + (" …" if more or len(first_line) > _LABEL_CHARS else ""),
        kind=types.CompletionItemKind.Text,
        detail="Sotto",
        documentation=types.MarkupContent(types.MarkupKind.PlainText, shown) if more else None,
        filter_text=word,
        sort_text="\x7f",  # after the entries of the language's own server, which knows the types
        insert_text_format=types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(range=snapshot.range_at(offset - len(word), end), new_text=word + text),
    )
