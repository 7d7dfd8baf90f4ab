"""Telling: what the user wanted to be told, in a message, or beside the code where it is too long for one."""

# pygls is typed in part only.
# pyright: reportUnknownMemberType=false

import logging
from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path

from sotto_lsp.actions.explanation_files import ExplanationFiles
from sotto_lsp.transport.capabilities import ClientAbilities
from sotto_lsp.transport.lsp_server import SottoServer
from sotto_lsp.transport.status import show_info

log = logging.getLogger(__name__)

_MAX_MESSAGE_CHARS = 160
"""Editors with one line for messages cut longer ones off."""


class Telling:
    """For one client."""

    def __init__(self, server: SottoServer) -> None:
        self._server = server
        self._files = ExplanationFiles()

    async def tell(self, title: str, text: str) -> None:
        """Whole in a message where it is short, or no document can be shown."""
        is_short = len(text) <= _MAX_MESSAGE_CHARS and "\n" not in text
        if not is_short and ClientAbilities.of(self._server.client_capabilities).shows_documents:
            path = self._written(f"# {title}\n\n{text}")
            if path is not None and await self._shown(path):
                show_info(self._server, f"{title}: see {path.name}.")
                return
        show_info(self._server, f"{title}: {text}")

    def end(self) -> None:
        self._files.remove()

    def _written(self, text: str) -> Path | None:
        try:
            return self._files.write(text)
        except OSError as error:
            log.warning("an explanation could not be written: %s", error)
            return None

    async def _shown(self, path: Path) -> bool:
        shown = types.ShowDocumentParams(uri=from_fs_path(str(path)) or "", take_focus=False)
        try:
            return (await self._server.window_show_document_async(shown)).success
        except Exception as error:  # the client's fault, whatever it is
            log.warning("the client does not show documents: %s", error)
            return False
