"""A language server that suggests what it was asked about, late: a ghost that stands elsewhere gives itself away.

python tests/editors/echo_server.py [delay in ms]
"""

import asyncio
import sys

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("echo", "1")


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
async def on_inline_completion(params: types.InlineCompletionParams):
    lines = server.workspace.get_text_document(params.text_document.uri).source.split("\n")
    before = lines[params.position.line][: params.position.character]
    await asyncio.sleep(delay_s)
    here = types.Range(params.position, params.position)
    texts = [first(before), second(before)]
    return types.InlineCompletionList([types.InlineCompletionItem(text, range=here) for text in texts])


def first(before: str) -> str:
    """The first candidate behind this beginning of a line."""
    return f"({before.strip()})"


def second(before: str) -> str:
    """The second one, of two lines."""
    return f"(second,\n    {before.strip()})"


if __name__ == "__main__":
    delay_s = int(sys.argv[1]) / 1000 if sys.argv[1:] else 0.0
    server.start_io()
