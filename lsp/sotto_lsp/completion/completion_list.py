"""textDocument/completion: the same suggestion as an entry of the completion list, for editors without ghost text."""

import re

from lsprotocol import types

from sotto_lsp.completion.inline_completion import suggest
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.host.session import Session

_WORD_BEFORE = re.compile(r"\w*\Z")
_LABEL_CHARS = 60


async def completion(
    session: Session, documents: DocumentStore, params: types.CompletionParams
) -> types.CompletionList:
    """One entry of kind Text: Helix expands every other kind. Incomplete, so that it is asked again per key."""
    uri = params.text_document.uri
    session.supersede(types.TEXT_DOCUMENT_COMPLETION, uri)
    nothing = types.CompletionList(is_incomplete=True, items=[])
    snapshot = documents.usable_snapshot(uri)
    if not await session.answers_for(snapshot) or snapshot is None:
        return nothing
    offset = snapshot.offset_at(params.position)
    text = await suggest(session, documents, snapshot, offset)
    if not text:
        return nothing
    before = snapshot.content[max(0, offset - 200) : offset]
    match = _WORD_BEFORE.search(before)
    word = match.group() if match else ""
    replaced = types.Range(snapshot.position_at(offset - len(word)), snapshot.position_at(offset))
    first_line, _, more = (word + text).partition("\n")
    item = types.CompletionItem(
        label=first_line[:_LABEL_CHARS].strip() + (" …" if more or len(first_line) > _LABEL_CHARS else ""),
        kind=types.CompletionItemKind.Text,
        detail="Sotto",
        documentation=types.MarkupContent(types.MarkupKind.PlainText, word + text) if more else None,
        filter_text=word,
        sort_text="\x7f",  # behind the language's own server, which knows the types
        insert_text_format=types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(range=replaced, new_text=word + text),
    )
    return types.CompletionList(is_incomplete=True, items=[item])
