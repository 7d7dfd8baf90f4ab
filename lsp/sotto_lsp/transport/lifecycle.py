"""Lifecycle: a session's beginning and its settings: initialize, initialized, didChangeConfiguration."""

import asyncio
import copy
import logging
from collections.abc import Coroutine

from lsprotocol import types

from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.host.session import Session
from sotto_lsp.settings import SECTION, Settings, parse_settings
from sotto_lsp.transport.capabilities import compare_series, split_needed_series
from sotto_lsp.transport.lsp_server import SottoServer
from sotto_lsp.transport.progress import LoadingProgress
from sotto_lsp.transport.pygls_adapter import ClientError

_CONFIGURATION_TIMEOUT_S = 2.0

log = logging.getLogger(__name__)


class Lifecycle:
    """`offers`: what the server can do for any client."""

    def __init__(
        self,
        server: SottoServer,
        session: Session,
        documents: DocumentStore,
        offers: types.ServerCapabilities,
    ) -> None:
        self._server, self._client = server, server.client
        self._session = session
        self._documents = documents
        self._offers = offers
        self._options: object = None
        """initializationOptions; the client's later settings have precedence"""
        self._problem: str | None = None
        session.report_failure = server.client.show_error

    def initialize(self, params: types.InitializeParams) -> types.InitializeResult:
        self._session.project = _project(params)
        needed, self._options = split_needed_series(params.initialization_options)
        self._problem = compare_series(needed, self._server.info.version or "")
        settings, _ = parse_settings(self._options)
        offers = copy.copy(self._offers)
        if not _offers_completion(settings, params.capabilities):
            offers.completion_provider = None
        return self._server.initialize(params, self._documents, offers)

    async def initialized(self, _: types.InitializedParams) -> None:
        if self._problem is not None:
            self._client.show_warning(self._problem)  # only now: Helix drops what comes earlier
        await self._configure(self._options, await self._ask_configuration())

    async def did_change_configuration(self, params: types.DidChangeConfigurationParams) -> None:
        answer = await self._ask_configuration()
        await self._configure(self._options, params.settings if answer is None else answer)

    async def _ask_configuration(self) -> object:
        """The client's section of ours; None where it has none, or does not answer in time."""
        workspace = self._client.capabilities.workspace
        if workspace is None or not workspace.configuration:
            return None
        question = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
        try:
            answers = await self._client.ask(types.WORKSPACE_CONFIGURATION, question, _CONFIGURATION_TIMEOUT_S)
        except (ClientError, TimeoutError) as error:
            log.warning("the client did not answer workspace/configuration: %s", error or "it took too long")
            return None
        return answers[0] if answers else None

    async def _configure(self, *sources: object) -> None:
        """Hand new settings to the session, with progress where that loads a model."""
        settings, problems = parse_settings(*sources)
        if problems:
            self._client.show_warning(" ".join(problems))
        if settings.enabled and self._session.needs_loading(settings):
            await self._load(settings, self._session.configure(settings))
        else:
            await self._session.configure(settings)

    async def reload_model(self) -> None:
        """Take up the model that was chosen, with progress."""
        if self._session.settings.enabled:
            await self._load(self._session.settings, self._session.reload_model())

    async def _load(self, settings: Settings, loading: Coroutine[None, None, None]) -> None:
        progress = LoadingProgress(self._client)
        # Side by side: a client that does not answer must not keep the model from being loaded.
        begun = asyncio.create_task(progress.begin(f"Sotto: loading {self._session.model_name(settings)}"))
        await loading
        await begun
        saved = f": embedded, {self._session.saving}" if self._session.saving else ""
        progress.end(f"ready{saved}" if self._session.is_ready else "no model")


def _project(params: types.InitializeParams) -> str:
    """The workspace's folders in one string; "" for files that belong to none."""
    folders = [folder.uri for folder in params.workspace_folders or ()]
    return " ".join(sorted(folders)) or params.root_uri or params.root_path or ""


def _offers_completion(settings: Settings, client: types.ClientCapabilities) -> bool:
    """A client that shows ghost text should not get the same text in its list as well."""
    if settings.completion == "auto":
        return client.text_document is None or client.text_document.inline_completion is None
    return settings.completion == "on"
