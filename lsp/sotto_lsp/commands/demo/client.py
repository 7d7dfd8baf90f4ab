"""A minimal editor: starts a real `sotto serve` and speaks LSP with it over stdio."""

# pygls is typed in part only.
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false

import asyncio
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

_TIMEOUT_S = 60.0


class DemoClient:
    """One document in one server; positions are UTF-16, as in VS Code."""

    def __init__(self) -> None:
        self._client = LanguageClient("sotto-demo", version("sotto-ls"))
        self._loaded = asyncio.Event()
        self._uri = ""
        self._version = 0
        self.messages: list[str] = []
        self._register()

    async def start(self, path: Path, text: str, model_dir: Path | None) -> None:
        """Start the server, open the document and wait until the model is loaded."""
        arguments = ["--model", str(model_dir)] if model_dir else []
        await self._client.start_io(sys.executable, "-m", "sotto_lsp", "serve", *arguments)
        window = types.WindowClientCapabilities(work_done_progress=True)
        capabilities = types.ClientCapabilities(window=window)
        async with asyncio.timeout(_TIMEOUT_S):
            await self._client.initialize_async(types.InitializeParams(capabilities=capabilities))
            self._client.initialized(types.InitializedParams())
            self._uri = path.resolve().as_uri()
            item = types.TextDocumentItem(self._uri, "python", self._version, text)
            self._client.text_document_did_open(types.DidOpenTextDocumentParams(item))
            await self._loaded.wait()

    def insert(self, position: types.Position, text: str) -> None:
        """Tell the server of an insertion."""
        self._version += 1
        change = types.TextDocumentContentChangePartial(types.Range(position, position), text)
        identifier = types.VersionedTextDocumentIdentifier(self._version, self._uri)
        self._client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))

    async def suggestion(self, position: types.Position) -> str:
        """The ghost text at a position; "" for none."""
        params = types.InlineCompletionParams(
            context=types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
            text_document=types.TextDocumentIdentifier(self._uri),
            position=position,
        )
        async with asyncio.timeout(_TIMEOUT_S):
            answer = await self._client.text_document_inline_completion_async(params)
        items = answer.items if isinstance(answer, types.InlineCompletionList) else answer or []
        first = items[0].insert_text if items else ""
        return first if isinstance(first, str) else first.value

    async def metrics(self) -> dict[str, Any]:
        """The server's own counters."""
        params = types.ExecuteCommandParams("sotto.metrics")
        async with asyncio.timeout(_TIMEOUT_S):
            answer: dict[str, Any] | None = await self._client.workspace_execute_command_async(params)
        return answer or {}

    async def stop(self) -> None:
        """Shut the server down and wait for its end."""
        async with asyncio.timeout(_TIMEOUT_S):
            await self._client.shutdown_async(None)
        self._client.exit(None)
        await self._client.stop()

    def _register(self) -> None:
        @self._client.feature(types.WINDOW_WORK_DONE_PROGRESS_CREATE)
        def create(params: types.WorkDoneProgressCreateParams) -> None:
            del params

        @self._client.feature(types.PROGRESS)
        def progress(params: types.ProgressParams) -> None:
            if isinstance(params.value, dict) and params.value.get("kind") == "end":  # pyright: ignore[reportUnknownMemberType]
                self._loaded.set()

        @self._client.feature(types.WINDOW_SHOW_MESSAGE)
        def show_message(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)

        del create, progress, show_message
