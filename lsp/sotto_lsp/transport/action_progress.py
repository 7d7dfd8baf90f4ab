"""ActionProgress: `$/progress` of one action, on the client's own token or one that the server creates."""

# pygls is typed in part only.
# pyright: reportUnknownMemberType=false

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from sotto_lsp.transport.work_done_progress import WorkDoneProgress

_CREATE_TIMEOUT_S = 2.0


class ActionProgress(WorkDoneProgress):
    """Says nothing where the client shows no progress. `on_cancel` is called when the user presses cancel."""

    def __init__(self, server: LanguageServer, on_cancel: Callable[[], object]) -> None:
        super().__init__(server)
        self._on_cancel = on_cancel

    async def begin(self, title: str, token: types.ProgressToken | None, *, may_create: bool) -> None:
        if token is None and may_create:
            token = await self._created(_CREATE_TIMEOUT_S)
        if token is None:
            return
        self._begin(
            token, types.WorkDoneProgressBegin(title=f"Sotto: {title}", cancellable=True, percentage=0)
        )
        self._server.work_done_progress.tokens[token].add_done_callback(self._pressed)

    def report(self, message: str, percentage: int | None = None) -> None:
        """percentage: None for as much as before."""
        if self._token is not None:
            report = types.WorkDoneProgressReport(message=message, percentage=percentage, cancellable=True)
            self._server.work_done_progress.report(self._token, report)

    def _pressed(self, done: "Future[Any]") -> None:
        if done.cancelled() and self._token is not None:
            self._on_cancel()
