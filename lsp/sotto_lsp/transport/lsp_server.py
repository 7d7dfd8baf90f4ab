"""SottoServer: the event loop between stdin and the session, and the end of the process. Knows no feature."""

import asyncio
import contextlib
import copy
import logging
import os
import threading
from typing import Any, BinaryIO, NoReturn

from lsprotocol import types

from sotto_lsp.documents.snapshot import PositionEncoding
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.transport.client import Client
from sotto_lsp.transport.json_rpc import JsonRpc
from sotto_lsp.transport.parent_watch import watch_parent
from sotto_lsp.transport.stdio import MessageReader, StreamWriter, claim_stdio

EXIT_GRACE_S = 2.0
"""How long a busy event loop may hold up the end of the process."""
_CANCEL_GRACE_S = 0.5

logger = logging.getLogger(__name__)


class SottoServer:
    """One client's server. Set `rpc.handlers` before it runs."""

    def __init__(self, name: str, version: str) -> None:
        self.info = types.ServerInfo(name, version)
        self.rpc = JsonRpc(self.stop)
        self.client = Client(self.rpc)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._stopping = False
        self._last_resort: threading.Timer | None = None

    def run(self) -> NoReturn:
        """Serve on the process's stdin and stdout until `exit`, the end of the input or the death of the client.

        The process ends then, whatever other threads are at: with 0 after `shutdown`, with 1 without it.
        """
        source, sink = claim_stdio()
        self.rpc.writer = StreamWriter(sink)
        self._loop = loop = asyncio.new_event_loop()
        loop.set_exception_handler(_log_loop_error)
        with contextlib.suppress(KeyboardInterrupt):
            loop.run_until_complete(self._serve(source))
        self._cancel_tasks(loop)
        self._arm_last_resort()  # a stderr that nobody reads can hold up the logs
        with contextlib.suppress(OSError):  # what a client that left did not read
            sink.close()
        logging.shutdown()
        self._exit()

    def stop(self) -> None:
        """End `run` soon; from any thread."""
        self._stopping = True
        self._deliver(None)

    def initialize(
        self, params: types.InitializeParams, documents: DocumentStore, offers: types.ServerCapabilities
    ) -> types.InitializeResult:
        """Take over what the client declares. The result: `offers`, with what every server has."""
        self.client.initialize(params)
        if params.process_id is not None:
            watch_parent(params.process_id, self.stop)
        documents.encoding = _choose_encoding(params.capabilities)
        capabilities = copy.copy(offers)
        capabilities.position_encoding = types.PositionEncodingKind(documents.encoding.value)
        capabilities.text_document_sync = types.TextDocumentSyncOptions(
            open_close=True, change=types.TextDocumentSyncKind.Incremental, save=False
        )
        folders = types.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=True)
        capabilities.workspace = types.WorkspaceOptions(workspace_folders=folders)
        return types.InitializeResult(capabilities, self.info)

    async def _serve(self, source: BinaryIO) -> None:
        MessageReader(source, self._deliver).start()
        while not self._stopping and (body := await self._inbox.get()) is not None:
            try:
                self.rpc.receive(body)
            except Exception:  # a fault in handling one message must not end the session
                logger.exception("A message could not be handled.")
            # A handler runs up to its first await before the next message is taken: it sees the documents as they
            # were when its request was sent.
            await asyncio.sleep(0)

    def _deliver(self, body: bytes | None) -> None:
        if body is None:
            self._arm_last_resort()
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._inbox.put_nowait, body)

    def _arm_last_resort(self) -> None:
        """A handler that blocks the event loop must not keep the process alive without its client."""
        if self._last_resort is None:
            self._last_resort = threading.Timer(EXIT_GRACE_S, self._exit)
            self._last_resort.daemon = True
            self._last_resort.start()

    def _exit(self) -> NoReturn:
        os._exit(0 if self.rpc.is_shut_down else 1)

    def _cancel_tasks(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel what still runs, so that `finally` blocks run and requests get their answer."""
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks, timeout=_CANCEL_GRACE_S))


def _choose_encoding(client: types.ClientCapabilities) -> PositionEncoding:
    """The client's first that there is."""
    known = {each.value: each for each in PositionEncoding}
    wanted = client.general.position_encodings if client.general else None
    return next((known[each] for each in wanted or () if each in known), PositionEncoding.UTF16)


def _log_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # asyncio's own way would print the exception's text, which may quote the user's.
    logger.error("%s", context["message"], exc_info=context.get("exception"))
