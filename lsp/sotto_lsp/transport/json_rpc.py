"""JsonRpc: one client's session: from a message's bytes to its handler, and one answer to every request.

It holds the order of a session, refuses what is not valid and cancels handlers. Knows no document and no stream.
"""

import asyncio
import inspect
import json
import logging
import re
from collections.abc import Callable, Mapping
from enum import Enum, auto
from functools import partial
from typing import Any, cast

from cattrs import transform_error
from lsprotocol import types

from sotto_lsp.transport.pygls_adapter import Message, MsgId, PyglsAdapter
from sotto_lsp.transport.stdio import StreamWriter

Handler = Callable[[Any], Any]
"""Typed params -> the result, or a coroutine of it."""

PARSE_ERROR = types.ErrorCodes.ParseError.value
INVALID_REQUEST = types.ErrorCodes.InvalidRequest.value
METHOD_NOT_FOUND = types.ErrorCodes.MethodNotFound.value
INVALID_PARAMS = types.ErrorCodes.InvalidParams.value
INTERNAL_ERROR = types.ErrorCodes.InternalError.value
NOT_INITIALIZED = types.ErrorCodes.ServerNotInitialized.value
REQUEST_CANCELLED = types.LSPErrorCodes.RequestCancelled.value

logger = logging.getLogger(__name__)


class RequestError(Exception):
    """Raised by a handler to refuse its request with a code of JSON-RPC and one sentence."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class _State(Enum):
    NEW = auto()
    INITIALIZED = auto()
    SHUT_DOWN = auto()


class JsonRpc:
    """`handlers`: by method. `end`: called where the client has left."""

    def __init__(self, end: Callable[[], None]) -> None:
        self.handlers: dict[str, Handler] = {}
        self.on_refused: Callable[[str, Message], None] = lambda method, message: None
        """A notification that is not valid was dropped; what depends on it is out of step."""
        self.writer: StreamWriter | None = None
        self._end = end
        self._pygls = PyglsAdapter(self._send)
        self._state = _State.NEW
        self._under_way: dict[MsgId, asyncio.Future[Any]] = {}

    @property
    def is_shut_down(self) -> bool:
        """The client has asked for `shutdown`: ending now is no failure."""
        return self._state is _State.SHUT_DOWN

    async def ask(self, method: str, params: object) -> Any:
        """The client's answer to a request of the server's. Raises ClientError."""
        return await self._pygls.ask(method, params)

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self._pygls.notify(method, params)

    # What comes in

    def receive(self, body: bytes) -> None:
        """Handle one message. Whatever the bytes are, the session goes on."""
        try:
            message: object = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, PARSE_ERROR, "The message is not JSON, or its Content-Length is wrong.")
            return
        if isinstance(message, list):
            what = "A batch of messages is not part of LSP; send them one by one."
            self._refuse(None, INVALID_REQUEST, what)
        elif isinstance(message, dict):
            self._dispatch(cast("Message", message))
        else:
            self._refuse(None, INVALID_REQUEST, "A message must be a JSON object.")

    def _dispatch(self, message: Message) -> None:
        msg_id, method = message.get("id"), message.get("method")
        has_id = isinstance(msg_id, int | str) and not isinstance(msg_id, bool)
        answer_to = cast("MsgId", msg_id) if has_id else None
        if "method" not in message and ("result" in message or "error" in message):
            # An answer is never answered, not even a wrong one.
            if answer_to is None or not self._pygls.take_answer(answer_to, message):
                logger.debug("Dropped an answer that nothing waits for.")
        elif message.get("jsonrpc") != "2.0":
            self._refuse(answer_to, INVALID_REQUEST, 'A message must say "jsonrpc": "2.0".')
        elif not isinstance(method, str):
            self._refuse(answer_to, INVALID_REQUEST, "A message must name its method in a string.")
        elif "id" not in message:
            self._receive_notification(method, message)
        elif answer_to is None:
            self._refuse(None, INVALID_REQUEST, "The id of a request must be a whole number or a string.")
        else:
            self._receive_request(answer_to, method, message)

    def _receive_request(self, msg_id: MsgId, method: str, message: Message) -> None:
        if (refusal := self._out_of_order(msg_id, method)) is not None:
            self._refuse(msg_id, *refusal)
            return
        try:
            params = self._pygls.structure_params(method, message)
        except Exception as error:  # cattrs and attrs validators raise what they like
            self._refuse(msg_id, INVALID_PARAMS, _complaint(method, error))
            return
        self._under_way[msg_id] = running = self._run(self.handlers.get(method), params)
        running.add_done_callback(partial(self._answer, msg_id))
        if method == types.SHUTDOWN:
            self._state = _State.SHUT_DOWN
            for each in self._under_way.values():
                each.cancel()  # which is nothing to `running`: it is done
        elif method == types.INITIALIZE and running.exception() is None:
            self._state = _State.INITIALIZED

    def _out_of_order(self, msg_id: MsgId, method: str) -> tuple[int, str] | None:
        """Why a request cannot be now, whatever its params."""
        if self._state is _State.SHUT_DOWN:
            return INVALID_REQUEST, f"After shutdown only exit may follow, not {method}."
        if self._state is _State.INITIALIZED and method == types.INITIALIZE:
            return INVALID_REQUEST, "The server is initialized already."
        if self._state is _State.NEW and method != types.INITIALIZE:
            return NOT_INITIALIZED, f"The first request must be initialize, not {method}."
        if msg_id in self._under_way:
            return INVALID_REQUEST, f"The request {msg_id!r} is still running; take another id."
        if method not in self.handlers and method != types.SHUTDOWN:
            return METHOD_NOT_FOUND, f"The server has no method {method}."
        return None

    def _receive_notification(self, method: str, message: Message) -> None:
        if method == types.EXIT:
            self._end()
            return
        if self._state is not _State.INITIALIZED:
            logger.debug("Dropped %s: the session has not begun or is over.", method)
            return
        try:
            params = self._pygls.structure_params(method, message)
        except Exception as error:  # as above
            logger.warning("%s It is ignored.", _complaint(method, error))
            self.on_refused(method, message)
            if method != types.INITIALIZED:  # without it no model is loaded, and its params are empty
                return
            params = types.InitializedParams()
        if method == types.CANCEL_REQUEST:
            running = self._under_way.get(cast("types.CancelParams", params).id)
            if running is not None:  # otherwise it is answered already, which is no fault of the client's
                running.cancel()
        elif (handler := self.handlers.get(method)) is None:
            logger.debug("Dropped %s: nothing handles it.", method)
        else:
            self._run(handler, params).add_done_callback(partial(_log_failure, method))

    def _run(self, handler: Handler | None, params: object) -> asyncio.Future[Any]:
        """The result to come. A handler that is not async has run when this returns."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            result = handler(params) if handler is not None else None
        except Exception as error:  # whatever it is, its request has one answer
            done.set_exception(error)
            return done
        if inspect.iscoroutine(result):
            return asyncio.ensure_future(result)
        done.set_result(result)
        return done

    # What goes out

    def _answer(self, msg_id: MsgId, done: asyncio.Future[Any]) -> None:
        del self._under_way[msg_id]
        if done.cancelled():
            self._refuse(msg_id, REQUEST_CANCELLED, "The request was cancelled.")
        elif (error := done.exception()) is None:
            try:
                self._send({"jsonrpc": "2.0", "id": msg_id, "result": done.result()})
            except Exception as failure:  # a result that cannot be JSON: the request still has its one answer
                self._fail(msg_id, failure)
        elif isinstance(error, RequestError):
            self._refuse(msg_id, error.code, error.message)
        else:
            self._fail(msg_id, error)

    def _fail(self, msg_id: MsgId, error: BaseException) -> None:
        logger.error("A request failed.", exc_info=error)
        what = f"The server failed on this request ({type(error).__name__}); its log says where."
        self._refuse(msg_id, INTERNAL_ERROR, what)

    def _refuse(self, msg_id: MsgId | None, code: int, message: str) -> None:
        """Answer with an error. The id null, of a message without a usable one, is sent, as JSON-RPC says."""
        logger.debug("Refused with %d: %s", code, message)
        self._send({"jsonrpc": "2.0", "id": msg_id, "error": {"code": code, "message": message}})

    def _send(self, message: object) -> None:
        body = self._pygls.dump(message)
        if self.writer is None:
            return
        logger.debug("Sending %s", body)
        try:
            self.writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        except (OSError, ValueError):  # a broken or a closed pipe
            logger.warning("The client does not read any more; the server ends.")
            self._end()


def run_command(commands: Mapping[str, Handler], params: types.ExecuteCommandParams) -> Any:
    """workspace/executeCommand: each command gets the params whole. Raises RequestError."""
    if (command := commands.get(params.command)) is None:
        raise RequestError(INVALID_PARAMS, "The server has no such command.")
    return command(params)


def _complaint(method: str, error: Exception) -> str:
    """One sentence on the first thing that is wrong, without the value itself."""
    problem, _, path = transform_error(error)[0].partition(" @ ")
    where = re.sub(r"_(\w)", lambda match: match[1].upper(), path.removeprefix("$").removeprefix("."))
    return f"{method} is not valid: {problem.partition(' (')[0]} at {where or 'params'}."


def _log_failure(method: str, done: asyncio.Future[Any]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        logger.error("The handler of %s failed.", method, exc_info=error)
