"""A language server that suggests what it was asked about, late: a ghost that stands elsewhere gives itself away.

python tests/editors/echo_server.py [delay in ms] [completion]

`completion`: for editors without ghost text; it then says when it is ready.
"""

import asyncio
import sys

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("echo", "1")


@server.feature(types.INITIALIZED)
def on_initialized(params: types.InitializedParams):
    if "completion" in sys.argv:
        server.window_show_message(types.ShowMessageParams(types.MessageType.Info, "echo: ready"))


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
async def on_inline_completion(params: types.InlineCompletionParams):
    lines = server.workspace.get_text_document(params.text_document.uri).source.split("\n")
    before = lines[params.position.line][: params.position.character]
    await asyncio.sleep(delay_s)
    here = types.Range(params.position, params.position)
    texts = [first(before), second(before)]
    return types.InlineCompletionList([types.InlineCompletionItem(text, range=here) for text in texts])


@server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions())
async def on_completion(params: types.CompletionParams):
    lines = server.workspace.get_text_document(params.text_document.uri).source.split("\n")
    before = lines[params.position.line][: params.position.character]
    await asyncio.sleep(delay_s)
    here = types.Range(types.Position(params.position.line, 0), params.position)
    item = types.CompletionItem(before + first(before), kind=types.CompletionItemKind.Text, filter_text=before)
    item.text_edit = types.TextEdit(here, item.label)
    return types.CompletionList(is_incomplete=True, items=[item])


def first(before: str) -> str:
    """The first candidate after this beginning of a line."""
    return f"({before.strip()})"


def second(before: str) -> str:
    """The second one, of two lines."""
    return f"(second,\n    {before.strip()})"


if __name__ == "__main__":
    delay_s = int(sys.argv[1]) / 1000 if sys.argv[1:] else 0.0
    server.start_io()
