"""A server without an engine: SottoServer and a handler for each thing that can go wrong in one."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lsprotocol import types

from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.transport.log import configure_logging
from sotto_lsp.transport.lsp_server import SottoServer

# A params annotated `object` would get the server: pygls hands it to a first argument that any server fits.
server = SottoServer("plain", "1", DocumentStore())
events: list[str] = []

# In two parts: a traceback shows lines of the source, which are no secret.
USERS_TEXT = "SEC" + "RET"


async def sleep_long(name: str) -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        events.append(f"cancelled {name}")
        raise


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
async def inline_completion(params: types.InlineCompletionParams):
    document = server.documents.get(params.text_document.uri)
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


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(params: types.DidOpenTextDocumentParams):
    events.append(f"open {server.documents.get(params.text_document.uri) is not None}")


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
async def did_change(params: types.DidChangeTextDocumentParams):
    document = server.documents.get(params.text_document.uri)
    events.append(f"change {document and document.version}")


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def did_close(params: types.DidCloseTextDocumentParams):
    events.append(f"close {server.documents.get(params.text_document.uri) is None}")


@server.feature(types.TEXT_DOCUMENT_DID_SAVE)
def did_save(params: types.DidSaveTextDocumentParams):
    raise RuntimeError(USERS_TEXT)


@server.command("plain.sleep")
async def command_sleep():
    await sleep_long("command")


@server.feature("test/echo")
async def echo(params: Any):
    return params


@server.feature("test/events")
async def get_events(params: Any):
    return events


@server.feature("test/text")
async def get_text(params: dict[str, str]):
    document = server.documents.get(params["uri"])
    return document and document.text


@server.feature("test/num_pending")
async def num_pending(params: Any):
    return len(server.protocol._request_futures)


@server.feature("test/print")
async def print_something(params: Any):
    print("printed by Python")  # noqa: T201
    os.write(1, b"written to descriptor 1\n")
    # A child that reads its stdin must not take the protocol's bytes.
    child = subprocess.run([sys.executable, "-c", "import sys; sys.stdin.read()"], check=True, timeout=20)
    return child.returncode


@server.feature("test/work")
async def work_in_threads(params: Any):
    """Occupy every thread of the pool, and one that is no daemon."""
    for _ in range(64):
        server.thread_pool.submit(time.sleep, 60)
    threading.Thread(target=time.sleep, args=(60,), daemon=False).start()
    return True


@server.feature("test/freeze")
def freeze(params: Any):
    time.sleep(60)


@server.feature("test/ask")
async def ask(params: Any):
    items = [types.ConfigurationItem(section="plain")]
    return await server.workspace_configuration_async(types.ConfigurationParams(items))


@server.feature("test/ask_unknown")
async def ask_unknown(params: Any):
    try:
        return await server.protocol.send_request_async("test/unknown", {})
    except Exception as error:
        return type(error).__name__


if __name__ == "__main__":
    configure_logging(
        os.environ.get("PLAIN_LOG", "info"), Path(name) if (name := os.environ.get("PLAIN_FILE")) else None
    )
    server.run()
