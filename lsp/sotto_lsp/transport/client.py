"""Client: the editor at the other end: what it has declared, its folders, what it is asked and shown."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol import types

from sotto_lsp.transport.capabilities import DRAW_REPLACEMENTS, DROP_ANSWERS, WANT_NEWLINES, ClientAbilities
from sotto_lsp.transport.json_rpc import JsonRpc

log = logging.getLogger(__name__)


class Client:
    """Known from `initialize` on; before that, one that can do nothing."""

    def __init__(self, rpc: JsonRpc) -> None:
        self._rpc = rpc
        self._root_uri = ""
        self._folder_uris: list[str] = []
        self._name = ""
        self.capabilities = types.ClientCapabilities()
        self.on_cancel: dict[types.ProgressToken, Callable[[], object]] = {}
        """What happens when the user cancels a progress"""

    def initialize(self, params: types.InitializeParams) -> None:
        """Remember what the client declares."""
        self.capabilities = params.capabilities
        self._name = params.client_info.name if params.client_info else ""
        self._root_uri = params.root_uri or _file_uri(params.root_path or "")
        self._folder_uris = [folder.uri for folder in params.workspace_folders or ()]

    @property
    def abilities(self) -> ClientAbilities:
        """What it has declared that decides how an edit and an action are spelled."""
        return ClientAbilities.of(self.capabilities)

    @property
    def draws_replacements(self) -> bool:
        """Whether it is known to draw a suggestion that takes the place of closers after the cursor."""
        return self._name in DRAW_REPLACEMENTS

    @property
    def wants_newlines(self) -> bool:
        """Whether it makes the document's line ends out of newlines alone."""
        return self._name in WANT_NEWLINES

    @property
    def drops_answers(self) -> bool:
        """Whether it shows nothing of what a command answers."""
        return self._name in DROP_ANSWERS

    @property
    def folder_uris(self) -> list[str]:
        """Its workspace folders, as they are now."""
        return self._folder_uris or ([self._root_uri] if self._root_uri else [])

    async def ask(self, method: str, params: object, timeout_s: float | None = None) -> Any:
        """Its answer to a request, in LSP's type. Raises ClientError, and TimeoutError after `timeout_s`."""
        async with asyncio.timeout(timeout_s):
            return await self._rpc.ask(method, params)

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self._rpc.notify(method, params)

    # Messages that the user sees, one sentence each

    def show_error(self, sentence: str) -> None:
        """Something that must be put right before there are suggestions; logged, too."""
        log.warning("%s", sentence)
        self._show(types.MessageType.Error, sentence)

    def show_warning(self, sentence: str) -> None:
        """Something that was not done; logged, too."""
        log.warning("%s", sentence)
        self._show(types.MessageType.Warning, sentence)

    def show_info(self, sentence: str) -> None:
        """Something that was done."""
        self._show(types.MessageType.Info, sentence)

    def _show(self, kind: types.MessageType, sentence: str) -> None:
        message = types.ShowMessageParams(type=kind, message=f"Sotto: {sentence}")
        self.notify(types.WINDOW_SHOW_MESSAGE, message)

    # Notifications from it

    def did_change_workspace_folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        gone = {folder.uri for folder in params.event.removed}
        left = [uri for uri in self._folder_uris if uri not in gone]
        self._folder_uris = list(dict.fromkeys([*left, *(folder.uri for folder in params.event.added)]))

    def did_cancel_progress(self, params: types.WorkDoneProgressCancelParams) -> None:
        if (on_cancel := self.on_cancel.get(params.token)) is not None:
            on_cancel()


def _file_uri(path: str) -> str:
    return Path(path).as_uri() if Path(path).is_absolute() else ""
