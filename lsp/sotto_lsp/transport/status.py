"""What the user is told: loading progress and messages. Knows the client, no engine."""

# pygls is typed in part only.
# pyright: reportUnknownMemberType=false

import logging

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from sotto_lsp.transport.work_done_progress import WorkDoneProgress

log = logging.getLogger(__name__)


class LoadingProgress(WorkDoneProgress):
    """`$/progress` around the loading of the model, where the client has declared that it shows it."""

    async def begin(self, title: str) -> None:
        window = self._server.client_capabilities.window
        if window is None or not window.work_done_progress:
            return
        if (token := await self._created(timeout_s=None)) is not None:
            self._begin(token, types.WorkDoneProgressBegin(title=title))


def show_error(server: LanguageServer, sentence: str) -> None:
    """One message the user sees."""
    _show(server, types.MessageType.Error, sentence)


def show_warning(server: LanguageServer, sentence: str) -> None:
    _show(server, types.MessageType.Warning, sentence)


def show_info(server: LanguageServer, sentence: str) -> None:
    """One message about what was done."""
    _send(server, types.MessageType.Info, sentence)


def _show(server: LanguageServer, kind: types.MessageType, sentence: str) -> None:
    log.warning("%s", sentence)
    _send(server, kind, sentence)


def _send(server: LanguageServer, kind: types.MessageType, sentence: str) -> None:
    server.window_show_message(types.ShowMessageParams(type=kind, message=f"Sotto: {sentence}"))
