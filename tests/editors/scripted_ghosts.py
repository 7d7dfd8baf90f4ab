"""A language server whose suggestions are written down: ghost text, the same as an entry of a list, and why.

python tests/editors/scripted_ghosts.py FILE [list]

list: for editors without ghost text.
FILE: `{"def is_closed(": ["self):", 1]}` suggests `self):` there, in place of the one character after the cursor.
"""

import json
import re
import sys
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("scripted ghosts", "1")
EXPLAINED = {
    "uri": "file:///app.py",
    "line": 3,
    "character": 7,
    "shown": "self):",
    "reasons": [{"code": "closers", "sentence": "The editor has closed the bracket."}],
    "source": "model",
    "promptTokens": 210,
    "cachedTokens": 180,
    "probabilities": [0.9, 0.75],
    "timings": {"prefillMs": 1.5, "decodeMs": 4.25},
}


@server.feature(types.INITIALIZED)
def on_initialized(params: types.InitializedParams):
    server.window_show_message(types.ShowMessageParams(types.MessageType.Info, "ghosts: ready"))


def on_inline_completion(params: types.InlineCompletionParams):
    text, range_, _ = find_ghost(params)
    return types.InlineCompletionList([types.InlineCompletionItem(text, range=range_)] if text else [])


def on_completion(params: types.CompletionParams):
    text, range_, word = find_ghost(params)
    start = types.Position(range_.start.line, range_.start.character - len(word))
    item = types.CompletionItem((word + text).splitlines()[0], kind=types.CompletionItemKind.Text)
    item.detail, item.filter_text = "Sotto", word
    item.text_edit = types.TextEdit(types.Range(start, range_.end), word + text)
    return types.CompletionList(is_incomplete=True, items=[item] if text else [])


@server.command("sotto.explainLast")
def explain_last(*_: object):
    return [EXPLAINED]


def find_ghost(params: types.TextDocumentPositionParams) -> tuple[str, types.Range, str]:
    """What is still to be typed of a suggestion, its range, and the word before the cursor."""
    lines = server.workspace.get_text_document(params.text_document.uri).source.split("\n")
    place = params.position
    before = lines[place.line][: place.character]
    for key, (text, num_taken) in ghosts.items():
        typed = before[before.find(key) + len(key) :]
        if key in before and text.startswith(typed):
            end = types.Position(place.line, place.character + num_taken)
            return text[len(typed) :], types.Range(place, end), re.findall(r"\w*\Z", before)[0]
    return "", types.Range(place, place), ""


if __name__ == "__main__":
    ghosts = json.loads(Path(sys.argv[1]).read_text())
    if "list" in sys.argv:
        server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions())(on_completion)
    else:
        server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())(on_inline_completion)
    server.start_io()
