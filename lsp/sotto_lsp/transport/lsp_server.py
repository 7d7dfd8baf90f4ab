"""SottoProtocol and SottoServer: a session's own methods, and the event loop between stdin and the protocol.

What pygls does with documents is left out: they are in the DocumentStore alone.
"""

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Generator
from contextvars import ContextVar
from typing import Any, BinaryIO, NoReturn, cast

from cattrs import Converter
from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.exceptions import JsonRpcException, PyglsError
from pygls.lsp.server import LanguageServer
from pygls.protocol import lsp_method

from sotto_lsp.documents.snapshot import PositionEncoding
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.transport.json_rpc import Message, MessageProtocol
from sotto_lsp.transport.parent_watch import ParentWatch
from sotto_lsp.transport.stdio import MessageReader, StreamWriter, claim_stdio

EXIT_GRACE_S = 2.0
"""How long a busy event loop may hold up the end of the process."""
_CANCEL_GRACE_S = 0.5

# Not offered; pygls would keep a second copy of the cells in a workspace that nothing reads.
_NOTEBOOK_METHODS = (
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
)

Handling = Generator[Any, Any, Any]
"""What pygls drives: it runs each handler that is yielded as (handler, args, kwargs)."""

work_done_token: ContextVar[types.ProgressToken | None] = ContextVar("work_done_token", default=None)
"""Where the client wants to see the progress of the command that is being handled; each message has a context."""

logger = logging.getLogger(__name__)


class SottoProtocol(MessageProtocol):
    """What every session has: its beginning, its end and its documents."""

    def __init__(self, server: "SottoServer", converter: Converter) -> None:
        super().__init__(server, converter)
        self._sotto = server
        for method in _NOTEBOOK_METHODS:
            del cast("Any", self.fm).builtin_features[method]

    @property
    def is_shut_down(self) -> bool:
        """The client has asked for `shutdown`: ending now is no failure."""
        return self._shutdown

    def end_session(self) -> None:
        self._sotto.stop()

    def notification_refused(self, method: str, message: Message) -> None:
        match message:
            case {"params": {"textDocument": {"uri": str(uri)}}} if method == types.TEXT_DOCUMENT_DID_CHANGE:
                # Nothing is better than suggestions for a text that the user no longer sees.
                self._sotto.documents.close(uri)
            case _:
                pass

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Handling:
        kind = ServerCapabilitiesBuilder.choose_position_encoding(params.capabilities)
        self._sotto.documents.encoding = PositionEncoding(types.PositionEncodingKind(kind).value)
        result = yield from super().lsp_initialize(params)
        self._initialized = True
        self._sotto.watch_parent(params.process_id)
        return result

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: object) -> Handling:
        yield from self._user_handler(types.SHUTDOWN, *args)
        for msg_id, future in list(self._request_futures.items()):
            if msg_id != self.msg_id:
                future.cancel()
        self._shutdown = True

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: object) -> Handling:
        yield from self._user_handler(types.EXIT, *args)
        self._sotto.stop()

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Handling:
        work_done_token.set(params.work_done_token)  # pygls gives a command its arguments only
        return (yield from super().lsp_workspace__execute_command(params))

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Handling:
        self._sotto.documents.open(params.text_document)
        yield from self._user_handler(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Handling:
        if self._sotto.documents.change(params.text_document, params.content_changes):
            yield from self._user_handler(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Handling:
        if self._sotto.documents.close(params.text_document.uri):
            yield from self._user_handler(types.TEXT_DOCUMENT_DID_CLOSE, params)

    def _user_handler(self, method: str, *args: object) -> Handling:
        if (handler := self._user_handler_of(method)) is not None:
            yield handler, args, None


class SottoServer(LanguageServer):
    """A pygls server on stdio. Register features as on any; write them async."""

    protocol: SottoProtocol  # pyright: ignore[reportIncompatibleVariableOverride] - set once, below

    def __init__(self, name: str, version: str, documents: DocumentStore | None = None) -> None:
        self.documents = DocumentStore() if documents is None else documents
        self._loop: asyncio.AbstractEventLoop | None = None
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._stopping = False
        self._owns_process = False
        self._last_resort: threading.Timer | None = None
        self._parent_watch: ParentWatch | None = None
        super().__init__(name, version, protocol_cls=SottoProtocol)  # pyright: ignore[reportUnknownMemberType]

    @property
    def exit_code(self) -> int:
        """What the process ends with, by the specification: 0 after `shutdown`, 1 without."""
        return 0 if self.protocol.is_shut_down else 1

    @property
    def folder_uris(self) -> list[str]:
        """The client's workspace folders."""
        folders = [folder.uri for folder in self.workspace.folders.values()]
        root = self.workspace.root_uri
        return folders or ([root] if root else [])

    def run(self) -> NoReturn:
        """Serve on the process's stdin and stdout, then end the process, whatever other threads are at."""
        self.start_io()
        self._arm_last_resort()  # a stderr that nobody reads can hold up the logs
        logging.shutdown()
        os._exit(self.exit_code)

    def start_io(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        """Serve until `exit`, the end of the input or the death of the client; see `exit_code`.

        Without streams, on the process's own, which then carry nothing but the protocol. Returns while threads that
        the caller started still run; a caller that wants the process to end with them calls `run`.
        """
        self._owns_process = stdin is None or stdout is None
        source, sink = claim_stdio() if stdin is None or stdout is None else (stdin, stdout)
        self.protocol.set_writer(StreamWriter(sink))
        self._loop = loop = asyncio.new_event_loop()
        loop.set_exception_handler(_log_loop_error)
        try:
            loop.run_until_complete(self._serve(source))
        except KeyboardInterrupt:
            pass
        finally:
            self.shutdown()
            self._cancel_tasks(loop)
            loop.close()
            if self._owns_process:
                with contextlib.suppress(OSError):  # what a client that left did not read
                    sink.close()
            if self._last_resort is not None:
                self._last_resort.cancel()
                self._last_resort = None

    def stop(self) -> None:
        """End `start_io` soon; from any thread."""
        self._stopping = True
        self._deliver(None)

    def shutdown(self) -> None:
        """Let go of the helper threads without waiting for one."""
        if self._parent_watch is not None:
            self._parent_watch.stop()
        if self._thread_pool is not None:
            self._thread_pool.shutdown(wait=False, cancel_futures=True)

    def watch_parent(self, pid: int | None) -> None:
        """End the server when process `pid` ends."""
        if pid is not None and self._parent_watch is None:
            self._parent_watch = ParentWatch(pid, self.stop)
            self._parent_watch.start()

    def report_server_error(
        self, error: Exception, source: type[PyglsError] | type[JsonRpcException]
    ) -> None:
        """Errors go to the log. pygls shows each to the user, who can do nothing about them."""
        logger.error("An error in %s.", source.__name__, exc_info=error)

    async def _serve(self, source: BinaryIO) -> None:
        MessageReader(source, self._deliver).start()
        while not self._stopping and (body := await self._inbox.get()) is not None:
            try:
                self.protocol.receive(body)
            except Exception:  # a fault in handling one message must not end the session
                logger.exception("A message could not be handled.")
            # A handler runs up to its first await before the next message is taken: it sees the documents as they
            # were when its request was sent.
            await asyncio.sleep(0)

    def _deliver(self, body: bytes | None) -> None:
        if body is None:
            self._arm_last_resort()
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._inbox.put_nowait, body)
        except RuntimeError:
            logger.debug("A message came after the end.")  # the loop is closed

    def _arm_last_resort(self) -> None:
        """A handler that blocks the event loop must not keep the process alive without its client."""
        if self._owns_process and self._last_resort is None:
            self._last_resort = threading.Timer(EXIT_GRACE_S, lambda: os._exit(self.exit_code))
            self._last_resort.daemon = True
            self._last_resort.start()

    def _cancel_tasks(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel what still runs, so that `finally` blocks run and requests get their answer."""
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks, timeout=_CANCEL_GRACE_S))


def _log_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # asyncio's own way would print the exception's text, which may quote the user's.
    logger.error("%s", context["message"], exc_info=context.get("exception"))
