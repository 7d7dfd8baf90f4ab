"""MessageProtocol: from a message's bytes to the handler it is for, and one answer to every request.

Keeps pygls' features, typed messages and outgoing requests, and does itself what pygls 2.1 leaves open: the order of
a session, errors for what is not valid, the cancellation of nested handlers. Knows no document and no stream.
"""

import asyncio
import contextvars
import json
import logging
import re
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, cast

from cattrs import transform_error
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.protocol import LanguageServerProtocol

MsgId = int | str
Message = dict[str, Any]
Handler = Callable[..., Any]
AnyFuture = Future[Any] | asyncio.Future[Any]

PARSE_ERROR = types.ErrorCodes.ParseError.value
INVALID_REQUEST = types.ErrorCodes.InvalidRequest.value
METHOD_NOT_FOUND = types.ErrorCodes.MethodNotFound.value
INVALID_PARAMS = types.ErrorCodes.InvalidParams.value
INTERNAL_ERROR = types.ErrorCodes.InternalError.value
NOT_INITIALIZED = types.ErrorCodes.ServerNotInitialized.value
REQUEST_CANCELLED = types.LSPErrorCodes.RequestCancelled.value

_MESSAGE_TYPES = cast("dict[str, tuple[type[Any] | None, ...]]", cast("Any", types).METHOD_TO_TYPES)

logger = logging.getLogger(__name__)


class MessageProtocol(LanguageServerProtocol):
    """One client's session. A subclass handles `initialize`, `shutdown` and `exit`, and sets the two flags."""

    _initialized = False
    _shutdown = False

    def end_session(self) -> None:
        """The client has left."""
        raise NotImplementedError

    def notification_refused(self, method: str, message: Message) -> None:
        """A notification that is not valid was dropped; what depends on it is out of step."""

    # What comes in

    def receive(self, body: bytes) -> None:
        """Handle one message. Whatever the bytes are, the session goes on."""
        try:
            message: object = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, PARSE_ERROR, "The message is not JSON, or its Content-Length is wrong.")
            return
        if isinstance(message, list):
            self._refuse(
                None, INVALID_REQUEST, "A batch of messages is not part of LSP; send them one by one."
            )
        elif isinstance(message, dict):
            # A context for each message: `msg_id` says in it which one is being handled.
            contextvars.copy_context().run(self._dispatch, cast("Message", message))
        else:
            self._refuse(None, INVALID_REQUEST, "A message must be a JSON object.")

    def _dispatch(self, message: Message) -> None:
        msg_id, method = message.get("id"), message.get("method")
        has_id = isinstance(msg_id, int | str) and not isinstance(msg_id, bool)
        if "method" not in message and ("result" in message or "error" in message):
            # An answer is never answered, not even a wrong one.
            if has_id:
                self._receive_response(cast("MsgId", msg_id), message)
            return
        answer_to = cast("MsgId", msg_id) if has_id else None
        if message.get("jsonrpc") != self.VERSION:
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
        if self._shutdown:
            self._refuse(msg_id, INVALID_REQUEST, f"After shutdown only exit may follow, not {method}.")
        elif self._initialized and method == types.INITIALIZE:
            self._refuse(msg_id, INVALID_REQUEST, "The server is initialized already.")
        elif not self._initialized and method != types.INITIALIZE:
            self._refuse(msg_id, NOT_INITIALIZED, f"The first request must be initialize, not {method}.")
        elif msg_id in self._request_futures:
            self._refuse(
                msg_id, INVALID_REQUEST, f"The request {msg_id!r} is still running; take another id."
            )
        elif (handler := self._handler_of(method)) is None:
            self._refuse(msg_id, METHOD_NOT_FOUND, f"The server has no method {method}.")
        else:
            try:
                params = self._params_of(method, message)
            except Exception as error:  # cattrs and attrs validators raise what they like
                self._refuse(msg_id, INVALID_PARAMS, _complaint(method, error))
                return
            self._ctx_msg_id.set(msg_id)
            answer = partial(self._send_handler_result, msg_id=msg_id)
            self._execute_handler(msg_id, handler, answer, (params,))

    def _receive_notification(self, method: str, message: Message) -> None:
        if method != types.EXIT and (self._shutdown or not self._initialized):
            logger.debug("Dropped %s: the session has not begun or is over.", method)
            return
        try:
            params = self._params_of(method, message)
        except Exception as error:  # as above
            logger.warning("%s It is ignored.", _complaint(method, error))
            self.notification_refused(method, message)
            return
        if method == types.CANCEL_REQUEST:
            self._handle_cancel_notification(cast("types.CancelParams", params).id)
        elif (handler := self._handler_of(method)) is None:
            logger.debug("Dropped %s: nothing handles it.", method)
        else:
            # An id that no client can name, so that nested handlers find the one they belong to.
            own_id = str(uuid.uuid4())
            self._ctx_msg_id.set(own_id)
            self._execute_handler(own_id, handler, partial(_log_failure, method=method), (params,))

    def _receive_response(self, msg_id: MsgId, message: Message) -> None:
        # Only what the server asked is in here; `_request_futures` also holds what the client asked.
        if msg_id not in self._result_types:
            logger.debug("Dropped an answer to a question that was not asked.")
            return
        result_type = self._result_types.pop(msg_id)
        future = self._request_futures.pop(msg_id, None)
        if future is None or not future.set_running_or_notify_cancel():
            return
        if (error := message.get("error")) is not None:
            future.set_exception(_client_error(error))
            return
        try:
            result = (
                self._converter.structure(message, result_type).result if result_type else message["result"]
            )
        except Exception as error:  # as above
            future.set_exception(
                JsonRpcInternalError(f"The client's answer is not valid ({type(error).__name__}).")
            )
        else:
            future.set_result(result)

    def _handler_of(self, method: str) -> Handler | None:
        builtin = cast("dict[str, Handler]", cast("Any", self.fm).builtin_features)
        return builtin.get(method) or self._user_handler_of(method)

    def _user_handler_of(self, method: str) -> Handler | None:
        return cast("dict[str, Handler]", cast("Any", self.fm).features).get(method)

    def _params_of(self, method: str, message: Message) -> object:
        """Typed for the methods of LSP, plain JSON for any other."""
        if (message_type := _MESSAGE_TYPES.get(method, (None,))[0]) is None:
            return message.get("params")
        return self._converter.structure(message, message_type).params

    # Handlers

    def _execute_handler(
        self,
        msg_id: MsgId,
        handler: Handler,
        callback: Callable[[Any], None],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Run a handler, and forget it once it is done, which pygls does not.

        A builtin runs the user's handler inside its own: cancelling either cancels both.
        """
        outer_id = self.msg_id
        outer = self._request_futures.get(outer_id) if outer_id not in (None, msg_id) else None

        def finished(future: AnyFuture) -> None:
            self._request_futures.pop(msg_id, None)
            if outer is not None and future.cancelled():
                outer.cancel()
            callback(future)

        super()._execute_handler(msg_id, handler, finished, args, kwargs)
        inner = self._request_futures.get(msg_id)
        if outer is not None and inner is not None:
            outer.add_done_callback(lambda done: inner.cancel() if done.cancelled() else None)

    def _handle_cancel_notification(self, msg_id: MsgId) -> None:
        future = None if msg_id in self._result_types else self._request_futures.get(msg_id)
        if future is not None:  # otherwise it is answered already, which is no fault of the client's
            future.cancel()

    # What goes out

    def _send_handler_result(self, future: AnyFuture, *, msg_id: MsgId) -> None:
        if future.cancelled():
            self._refuse(msg_id, REQUEST_CANCELLED, "The request was cancelled.")
        elif (error := future.exception()) is None:
            self._send_response(msg_id, future.result())
        elif isinstance(error, JsonRpcException):
            self._send_response(msg_id, error=error.to_response_error())
        else:
            self._fail(msg_id, error)

    def _send_response(
        self, msg_id: MsgId, result: object = None, error: types.ResponseError | None = None
    ) -> None:
        try:
            super()._send_response(msg_id, result, error)
        except Exception as failure:  # a result that cannot be JSON: the request still has its one answer
            self._fail(msg_id, failure)

    def _fail(self, msg_id: MsgId, error: BaseException) -> None:
        logger.error("A request failed.", exc_info=error)
        what = f"The server failed on this request ({type(error).__name__}); its log says where."
        self._refuse(msg_id, INTERNAL_ERROR, what)

    def _refuse(self, msg_id: MsgId | None, code: int, message: str) -> None:
        """Answer with an error. The id null, of a message without a usable one, is sent, as JSON-RPC says."""
        logger.debug("Refused with %d: %s", code, message)
        error = {"code": code, "message": message}
        self._send_data({"jsonrpc": self.VERSION, "id": msg_id, "error": error})

    def _send_data(self, data: object) -> None:
        body = json.dumps(data, default=self._serialize_message).encode("ascii")
        if self.writer is None:
            return
        logger.debug("Sending %s", body)
        try:
            self.writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        except (OSError, ValueError):  # a broken or a closed pipe
            logger.warning("The client does not read any more; the server ends.")
            self.end_session()


def _complaint(method: str, error: Exception) -> str:
    """One sentence on the first thing that is wrong, without the value itself."""
    problem, _, path = transform_error(error)[0].partition(" @ ")
    where = re.sub(r"_(\w)", lambda match: match[1].upper(), path.removeprefix("$.")) or "params"
    return f"{method} is not valid: {problem.partition(' (')[0]} at {where}."


def _client_error(error: object) -> JsonRpcException:
    said = cast("Message", error) if isinstance(error, dict) else {}
    code = code if isinstance(code := said.get("code"), int) else INTERNAL_ERROR
    message = str(said.get("message") or "The client gave no reason.")
    return JsonRpcException.from_error(types.ResponseError(code, message, said.get("data")))


def _log_failure(future: AnyFuture, *, method: str) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        logger.error("The handler of %s failed.", method, exc_info=error)
