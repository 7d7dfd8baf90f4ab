"""What the user is told: loading progress and messages. Knows the client, no engine."""

# pygls is typed in part only.
# pyright: reportUnknownMemberType=false

import logging
import uuid

from lsprotocol import types
from pygls.lsp.server import LanguageServer

log = logging.getLogger(__name__)


class LoadingProgress:
    """`$/progress` around the loading of the model, where the client has declared that it shows it."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._token: str | None = None

    async def begin(self, title: str) -> None:
        window = self._server.client_capabilities.window
        if window is None or not window.work_done_progress:
            return
        token = str(uuid.uuid4())
        try:
            await self._server.work_done_progress.create_async(token)
        except Exception as error:  # a client may refuse: it goes without
            log.debug("the client takes no progress: %s", error)
            return
        self._server.work_done_progress.begin(token, types.WorkDoneProgressBegin(title=title))
        self._token = token

    def end(self, message: str) -> None:
        if self._token is not None:
            self._server.work_done_progress.end(self._token, types.WorkDoneProgressEnd(message=message))
            self._server.protocol.progress.tokens.pop(self._token, None)  # pygls never forgets one
            self._token = None


def show_error(server: LanguageServer, sentence: str) -> None:
    """One message the user sees."""
    _show(server, types.MessageType.Error, sentence)


def show_warning(server: LanguageServer, sentence: str) -> None:
    _show(server, types.MessageType.Warning, sentence)


def show_info(server: LanguageServer, sentence: str) -> None:
    """One message about what was done."""
    server.window_show_message(
        types.ShowMessageParams(type=types.MessageType.Info, message=f"Sotto: {sentence}")
    )


def _show(server: LanguageServer, kind: types.MessageType, sentence: str) -> None:
    log.warning("%s", sentence)
    server.window_show_message(types.ShowMessageParams(type=kind, message=f"Sotto: {sentence}"))
