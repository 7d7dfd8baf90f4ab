"""ActionProgress: `$/progress` of one action, on the client's own token or one that the server creates."""

# pygls is typed in part only.
# pyright: reportUnknownMemberType=false

import asyncio
import logging
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

log = logging.getLogger(__name__)

_CREATE_TIMEOUT_S = 2.0


class ActionProgress:
    """Says nothing where the client shows no progress. `on_cancel` is called when the user presses cancel."""

    def __init__(self, server: LanguageServer, on_cancel: Callable[[], object]) -> None:
        self._server = server
        self._on_cancel = on_cancel
        self._token: types.ProgressToken | None = None

    async def begin(self, title: str, token: types.ProgressToken | None, *, may_create: bool) -> None:
        if token is None and may_create:
            token = await self._created()
        if token is None:
            return
        progress = self._server.work_done_progress
        begin = types.WorkDoneProgressBegin(title=f"Sotto: {title}", cancellable=True, percentage=0)
        progress.begin(token, begin)
        self._token = token
        progress.tokens[token].add_done_callback(self._pressed)

    def report(self, message: str, percentage: int) -> None:
        if self._token is not None:
            report = types.WorkDoneProgressReport(message=message, percentage=percentage, cancellable=True)
            self._server.work_done_progress.report(self._token, report)

    def end(self, message: str) -> None:
        """Once; a second call says nothing."""
        if (token := self._token) is not None:
            self._token = None
            self._server.work_done_progress.end(token, types.WorkDoneProgressEnd(message=message))
            self._server.protocol.progress.tokens.pop(token, None)  # pygls never forgets one

    def _pressed(self, done: "Future[Any]") -> None:
        if done.cancelled() and self._token is not None:
            self._on_cancel()

    async def _created(self) -> str | None:
        token = str(uuid.uuid4())
        try:
            async with asyncio.timeout(_CREATE_TIMEOUT_S):
                await self._server.work_done_progress.create_async(token)
        except Exception as error:  # a client may refuse, or not answer: it goes without
            log.debug("the client takes no progress: %s", error)
            return None
        return token
