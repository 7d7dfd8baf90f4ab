"""A server without an engine: SottoServer with a handler for each thing that can go wrong in one."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types

from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.transport.document_sync import DocumentSync
from sotto_lsp.transport.json_rpc import run_command
from sotto_lsp.transport.log import configure_logging
from sotto_lsp.transport.lsp_server import SottoServer
from sotto_lsp.transport.pygls_adapter import ClientError

server = SottoServer("plain", "1")
documents = DocumentStore()
OFFERS = types.ServerCapabilities(inline_completion_provider=types.InlineCompletionOptions())
events: list[str] = []

# In two parts: a traceback shows lines of the source, which are no secret.
USERS_TEXT = "SEC" + "RET"


async def sleep_long(name: str) -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        events.append(f"cancelled {name}")
        raise


async def inline_completion(params: types.InlineCompletionParams):
    document = documents.get(params.text_document.uri)
    snapshot = document.snapshot() if document else None
    match params.text_document.uri:
        case "test:slow":
            await sleep_long("inline")
        case "test:raise":
            raise RuntimeError(USERS_TEXT)
        case "test:not-json":
            return object()
    await asyncio.sleep(0.01)
    if snapshot is None:
        return []
    offset = snapshot.offset_at(params.position)
    return [types.InlineCompletionItem(f"{snapshot.version}:{offset}:{len(snapshot.text)}")]


def on_open(uri: str):
    events.append(f"open {documents.get(uri) is not None}")


def on_change(uri: str):
    document = documents.get(uri)
    events.append(f"change {document and document.version}")


def on_close(uri: str):
    events.append(f"close {documents.get(uri) is None}")


def did_save(params: types.DidSaveTextDocumentParams):
    raise RuntimeError(USERS_TEXT)


async def command_sleep(params: types.ExecuteCommandParams):
    await sleep_long("command")


async def echo(params: Any):
    return params


async def get_events(params: Any):
    return events


async def get_text(params: dict[str, str]):
    document = documents.get(params["uri"])
    return document and document.text


async def num_pending(params: Any):
    return len(server.rpc._under_way) + len(server.rpc._pygls._request_futures)


async def print_something(params: Any):
    print("printed by Python")  # noqa: T201
    os.write(1, b"written to descriptor 1\n")
    # A child that reads its stdin must not take the protocol's bytes.
    child = subprocess.run([sys.executable, "-c", "import sys; sys.stdin.read()"], check=True, timeout=20)
    return child.returncode


async def work_in_threads(params: Any):
    """Occupy every thread of the pool, and one that is no daemon."""
    for _ in range(64):
        asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)
    threading.Thread(target=time.sleep, args=(60,), daemon=False).start()
    return True


def freeze(params: Any):
    time.sleep(60)


async def ask(params: Any):
    items = [types.ConfigurationItem(section="plain")]
    return await server.client.ask(types.WORKSPACE_CONFIGURATION, types.ConfigurationParams(items))


async def ask_unknown(params: Any):
    try:
        return await server.client.ask("test/unknown", {})
    except ClientError as error:
        return str(error)


sync = DocumentSync(documents, on_open, on_change, on_close)
server.rpc.on_refused = sync.on_refused
server.rpc.handlers = {
    types.INITIALIZE: partial(server.initialize, documents=documents, offers=OFFERS),
    types.TEXT_DOCUMENT_DID_OPEN: sync.did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: sync.did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: sync.did_close,
    types.WORKSPACE_EXECUTE_COMMAND: partial(run_command, {"plain.sleep": command_sleep}),
    types.TEXT_DOCUMENT_INLINE_COMPLETION: inline_completion,
    types.TEXT_DOCUMENT_DID_SAVE: did_save,
    "test/echo": echo,
    "test/events": get_events,
    "test/text": get_text,
    "test/num_pending": num_pending,
    "test/print": print_something,
    "test/work": work_in_threads,
    "test/freeze": freeze,
    "test/ask": ask,
    "test/ask_unknown": ask_unknown,
}

if __name__ == "__main__":
    configure_logging(
        os.environ.get("PLAIN_LOG", "info"), Path(name) if (name := os.environ.get("PLAIN_FILE")) else None
    )
    server.run()
