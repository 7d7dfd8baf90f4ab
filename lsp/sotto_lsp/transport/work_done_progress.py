"""WorkDoneProgress: one `$/progress` from begin to end; says nothing where no token is to be had."""

# pygls is typed in part only.
# pyright: reportUnknownMemberType=false

import asyncio
import logging
import uuid

from lsprotocol import types
from pygls.lsp.server import LanguageServer

log = logging.getLogger(__name__)


class WorkDoneProgress:
    """What the progress of loading and of actions have in common: the token's life."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._token: types.ProgressToken | None = None

    def end(self, message: str) -> None:
        """Once; a second call says nothing."""
        if (token := self._token) is not None:
            self._token = None
            self._server.work_done_progress.end(token, types.WorkDoneProgressEnd(message=message))
            self._server.protocol.progress.tokens.pop(token, None)  # pygls never forgets one

    def _begin(self, token: types.ProgressToken, begin: types.WorkDoneProgressBegin) -> None:
        self._server.work_done_progress.begin(token, begin)
        self._token = token

    async def _created(self, timeout_s: float | None) -> str | None:
        """A token of the server's own; None where the client does not take it, or not in time."""
        token = str(uuid.uuid4())
        try:
            async with asyncio.timeout(timeout_s):
                await self._server.work_done_progress.create_async(token)
        except Exception as error:  # a client may refuse, or not answer: it goes without
            log.debug("the client takes no progress: %s", error)
            return None
        return token
