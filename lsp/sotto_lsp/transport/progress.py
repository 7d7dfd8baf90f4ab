"""`$/progress` from begin to end, of loading and of actions; nothing is sent where the client gives no token."""

import logging
import uuid
from collections.abc import Callable

from lsprotocol import types

from sotto_lsp.transport.client import Client
from sotto_lsp.transport.pygls_adapter import ClientError

_CREATE_TIMEOUT_S = 2.0

log = logging.getLogger(__name__)

WorkDoneValue = types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd


class WorkDoneProgress:
    """One progress."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._token: types.ProgressToken | None = None

    def end(self, message: str) -> None:
        """Once; a second call sends nothing."""
        if self._token is not None:
            self._send(types.WorkDoneProgressEnd(message=message))
            self._client.on_cancel.pop(self._token, None)
            self._token = None

    async def _create_token(self) -> types.ProgressToken | None:
        """One of the server's own; None where the client does not take it, or not in time."""
        if not self._client.abilities.has_progress:
            return None
        token = str(uuid.uuid4())
        create = types.WorkDoneProgressCreateParams(token)
        try:
            await self._client.ask(types.WINDOW_WORK_DONE_PROGRESS_CREATE, create, _CREATE_TIMEOUT_S)
        except (ClientError, TimeoutError) as error:
            log.debug("the client takes no progress: %s", error)
            return None
        return token

    def _send(self, value: WorkDoneValue) -> None:
        if self._token is not None:
            self._client.notify(types.PROGRESS, types.ProgressParams(self._token, value))


class LoadingProgress(WorkDoneProgress):
    """Of the model."""

    async def begin(self, title: str) -> None:
        self._token = await self._create_token()
        self._send(types.WorkDoneProgressBegin(title=title))


class ActionProgress(WorkDoneProgress):
    """Of an action, on the client's own token or one that the server creates. `on_cancel`: called by its button."""

    def __init__(self, client: Client, on_cancel: Callable[[], object]) -> None:
        super().__init__(client)
        self._on_cancel = on_cancel

    async def begin(self, title: str, token: types.ProgressToken | None) -> None:
        self._token = await self._create_token() if token is None else token
        if self._token is not None:
            self._client.on_cancel[self._token] = self._on_cancel
            self._send(types.WorkDoneProgressBegin(title=f"Sotto: {title}", cancellable=True, percentage=0))

    def report(self, message: str, percentage: int | None = None) -> None:
        """percentage: None for as much as before."""
        self._send(types.WorkDoneProgressReport(message=message, percentage=percentage, cancellable=True))
