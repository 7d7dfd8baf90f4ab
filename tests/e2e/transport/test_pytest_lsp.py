"""The same session through pytest-lsp, whose client checks types and the specification."""

import asyncio
import sys

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

from e2e.raw_client import EVERYTHING

CODE = "def mean(values):\n    total = sum(values)\n    return total / len("


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[sys.executable, "-m", "sotto_lsp", "serve"]))
async def client(lsp_client: LanguageClient):
    capabilities = types.ClientCapabilities(
        window=types.WindowClientCapabilities(work_done_progress=True),
        text_document=types.TextDocumentClientCapabilities(
            inline_completion=types.InlineCompletionClientCapabilities()
        ),
    )
    await lsp_client.initialize_session(
        types.InitializeParams(capabilities=capabilities, initialization_options=EVERYTHING)
    )
    yield
    await lsp_client.shutdown_session()


@pytest.mark.asyncio
async def test_ghost_text_with_progress_and_no_message(client: LanguageClient):
    uri = "file:///app.py"
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 0, CODE)))
    params = types.InlineCompletionParams(
        context=types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked),
        text_document=types.TextDocumentIdentifier(uri),
        position=types.Position(2, 23),
    )
    answer = await client.text_document_inline_completion_async(params)
    assert isinstance(answer, types.InlineCompletionList)
    (item,) = answer.items
    assert isinstance(item.insert_text, str) and item.insert_text.startswith("values")
    await asyncio.sleep(0)
    assert client.messages == []
    (reports,) = client.progress_reports.values()
    assert [type(report).__name__ for report in reports] == ["WorkDoneProgressBegin", "WorkDoneProgressEnd"]
