"""Telling: what the user wanted to be told, in a message, or beside the code where it is too long for one."""

import logging
from pathlib import Path

from lsprotocol import types

from sotto_lsp.actions.explanation_files import ExplanationFiles
from sotto_lsp.transport.client import Client
from sotto_lsp.transport.messages import show_info
from sotto_lsp.transport.pygls_adapter import ClientError

log = logging.getLogger(__name__)

_MAX_MESSAGE_CHARS = 160
"""Editors with one line for messages cut longer ones off."""


class Telling:
    """For one client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._files = ExplanationFiles()

    async def tell(self, title: str, text: str) -> None:
        """Whole in a message where it is short, or no document can be shown."""
        is_short = len(text) <= _MAX_MESSAGE_CHARS and "\n" not in text
        if not is_short and self._client.abilities.shows_documents:
            path = self._written(f"# {title}\n\n{text}")
            if path is not None and await self._shown(path):
                show_info(self._client, f"{title}: see {path.name}.")
                return
        show_info(self._client, f"{title}: {text}")

    def end(self) -> None:
        self._files.remove()

    def _written(self, text: str) -> Path | None:
        try:
            return self._files.write(text)
        except OSError as error:
            log.warning("an explanation could not be written: %s", error)
            return None

    async def _shown(self, path: Path) -> bool:
        shown = types.ShowDocumentParams(uri=path.as_uri(), take_focus=False)
        try:
            return (await self._client.ask(types.WINDOW_SHOW_DOCUMENT, shown)).success
        except ClientError as error:
            log.warning("the client does not show documents: %s", error)
            return False
