"""PyglsAdapter: the one door to pygls: the types of LSP's messages, their JSON, and what the server asks the client.

Each reach into what pygls does not publish or type is a method here. Knows no handler and no order of a session.
"""

# pyright: reportUnknownMemberType=false

import json
import uuid
from collections.abc import Callable
from typing import Any, Union, cast

from lsprotocol import types
from pygls.protocol import JsonRPCProtocol, default_converter

MsgId = int | str
Message = dict[str, Any]

_MESSAGE_TYPES = cast("dict[str, tuple[type[Any] | None, ...]]", cast("Any", types).METHOD_TO_TYPES)
_WITHOUT_PARAMS = (types.SHUTDOWN, types.EXIT)


class ClientError(Exception):
    """The client refused a request of the server's, or answered it in no valid way; its message is for the log."""


class PyglsAdapter(JsonRPCProtocol):
    """`send` gets each message that goes out, typed or plain."""

    def __init__(self, send: Callable[[object], None]) -> None:
        converter = default_converter()
        for union in (int | str, Union[int, str], Union[int, str, None]):  # noqa: UP007 - lsprotocol's own spelling
            converter.register_structure_hook(union, _structure_id)
        converter.register_structure_hook(str, _structure_str)
        super().__init__(cast("Any", None), converter)  # the server is for pygls' own handlers, which do not run
        self._send = send

    def structure_params(self, method: str, message: Message) -> object:
        """Typed for the methods of LSP, plain JSON for any other. Raises what cattrs and attrs validators raise."""
        params = message.get("params")
        if (message_type := self.get_message_type(method)) is None or method in _WITHOUT_PARAMS:
            return params
        if params is not None and not isinstance(params, dict):
            raise ValueError
        return self._converter.structure(message, message_type).params

    def dump(self, message: object) -> bytes:
        """JSON in ASCII. Raises TypeError, ValueError or AttributeError for what cannot be JSON."""
        return json.dumps(message, default=self._serialize_message).encode("ascii")

    async def ask(self, method: str, params: object) -> Any:
        """The client's answer to a request. Raises ClientError."""
        msg_id = str(uuid.uuid4())
        try:
            return await self.send_request_async(method, params, msg_id)
        finally:
            self._request_futures.pop(msg_id, None)
            self._result_types.pop(msg_id, None)

    def take_answer(self, msg_id: MsgId, message: Message) -> bool:
        """Hand the client's answer to `ask`; False where nothing waits for it."""
        future = self._request_futures.get(msg_id)
        if future is None or not future.set_running_or_notify_cancel():
            return False
        try:
            future.set_result(self._structure_result(msg_id, message))
        except ClientError as error:
            future.set_exception(error)
        return True

    def _structure_result(self, msg_id: MsgId, message: Message) -> object:
        if (error := message.get("error")) is not None:
            reason = cast("Message", error).get("message") if isinstance(error, dict) else None
            raise ClientError(str(reason or "The client gave no reason."))
        try:
            result_type = self._result_types[msg_id]
            return self._converter.structure(message, result_type).result if result_type else message["result"]
        except Exception as error:  # cattrs and attrs validators raise what they like
            raise ClientError(f"The client's answer is not valid ({type(error).__name__}).") from error

    # What pygls calls

    def get_message_type(self, method: str) -> type[Any] | None:
        return _MESSAGE_TYPES.get(method, (None,))[0]

    def get_result_type(self, method: str) -> type[Any] | None:
        return _MESSAGE_TYPES.get(method, (None, None))[1]

    def _send_data(self, data: object) -> None:
        self._send(data)


def _structure_id(value: object, _: object) -> object:
    """pygls lets lists through, which then are no key of a dictionary."""
    if value is not None and not isinstance(value, int | str):
        raise ValueError
    return value


def _structure_str(value: object, kind: type[str]) -> str:
    """cattrs would make the text "None" of null. It calls this for enumerations of texts, too."""
    if kind is str and not isinstance(value, str):
        raise ValueError
    return kind(value)
