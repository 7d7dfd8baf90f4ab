"""Messages that the user sees, one sentence each."""

import logging

from lsprotocol import types

from sotto_lsp.transport.client import Client

log = logging.getLogger(__name__)


def show_error(client: Client, sentence: str) -> None:
    """Something that must be put right before there are suggestions; logged, too."""
    log.warning("%s", sentence)
    _show(client, types.MessageType.Error, sentence)


def show_warning(client: Client, sentence: str) -> None:
    """Something that was not done; logged, too."""
    log.warning("%s", sentence)
    _show(client, types.MessageType.Warning, sentence)


def show_info(client: Client, sentence: str) -> None:
    """Something that was done."""
    _show(client, types.MessageType.Info, sentence)


def _show(client: Client, kind: types.MessageType, sentence: str) -> None:
    client.notify(types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(type=kind, message=f"Sotto: {sentence}"))
