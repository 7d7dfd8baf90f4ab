"""The server's table of contents: which requests it answers and what happens at the start and the end."""

# pygls is typed in part only.
# pyright: reportUnknownMemberType=false

import asyncio
import logging
from importlib.metadata import version
from pathlib import Path

from lsprotocol import types

from sotto_lsp.actions.action_command import ActionCommand
from sotto_lsp.actions.code_action import COMMAND, KINDS, code_actions
from sotto_lsp.actions.offered_user_actions import UserActions
from sotto_lsp.completion.completion_list import completion
from sotto_lsp.completion.inline_completion import inline_completion
from sotto_lsp.completion.likely_place import LikelyPlace
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.host.session import Session
from sotto_lsp.settings import SECTION, Settings, parse_settings
from sotto_lsp.transport.capabilities import ClientAbilities
from sotto_lsp.transport.lsp_server import SottoServer
from sotto_lsp.transport.needed_server import NeededServer
from sotto_lsp.transport.status import LoadingProgress, show_error, show_warning

log = logging.getLogger(__name__)

_CONFIGURATION_TIMEOUT_S = 2.0


def make_server(model_dir: Path | None = None) -> SottoServer:
    """A server with all features registered, ready for `start_io`."""
    documents = DocumentStore()
    server = SottoServer("sotto", version("sotto-ls"), documents)
    session = Session(model_dir)
    session.report_failure = lambda sentence: show_error(server, sentence)
    likely_place = LikelyPlace(session, documents)

    at_start: list[object] = []
    """initializationOptions, which what the client says later goes before"""
    to_tell: list[str] = []

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        session.project = _project(params)
        needed, options = NeededServer.split_off(params.initialization_options)
        at_start.append(options)
        if (problem := needed.problem_with(server.version)) is not None:
            to_tell.append(problem)  # once initialized: Helix drops what comes earlier
        settings, _ = parse_settings(*at_start)
        if not _offers_completion(settings, params.capabilities):
            del server.protocol.fm.features[types.TEXT_DOCUMENT_COMPLETION]

    @server.feature(types.INITIALIZED)
    async def initialized(params: types.InitializedParams) -> None:
        del params
        for sentence in to_tell:
            show_warning(server, sentence)
        sent = await _ask_configuration(server)
        await _configure(server, session, _read_settings(server, *at_start, sent))

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        sent = await _ask_configuration(server)
        settings = _read_settings(server, *at_start, params.settings if sent is None else sent)
        await _configure(server, session, settings)

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def on_inline_completion(params: types.InlineCompletionParams) -> types.InlineCompletionList:
        return await inline_completion(session, documents, params)

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(resolve_provider=False))
    async def on_completion(params: types.CompletionParams) -> types.CompletionList:
        return await completion(session, documents, params)

    user_actions = UserActions(server, session)
    actions = ActionCommand(server, session, documents, user_actions)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=KINDS, resolve_provider=True),
    )
    async def on_code_action(params: types.CodeActionParams) -> list[types.CodeAction | types.Command]:
        likely_place.seen(params.text_document.uri, params.range.end)
        client = ClientAbilities.of(server.client_capabilities)
        return await code_actions(session, documents, client, params, user_actions)

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def on_resolve(params: types.CodeAction) -> types.CodeAction:
        return await actions.resolve(params)

    @server.command(COMMAND)
    async def on_action(ls: SottoServer, *arguments: object) -> dict[str, object]:
        del ls  # pygls hands it to any command that takes arguments of any type
        return await actions.execute(arguments[0] if arguments else None)

    @server.command("sotto.metrics")
    def metrics() -> dict[str, float]:
        return session.metrics.report()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        likely_place.opened(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        likely_place.edited(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        likely_place.closed(params.text_document.uri)

    @server.feature(types.SHUTDOWN)
    def shutdown(params: None) -> None:
        del params
        _end(session, actions)

    # pygls registers by decoration: the names exist for the reader and for tracebacks.
    del initialize, initialized, did_change_configuration, on_inline_completion, on_completion
    del on_code_action, on_resolve, on_action, metrics, did_open, did_change, did_close, shutdown
    return server


def _end(session: Session, actions: ActionCommand) -> None:
    session.stop(keep=True)
    actions.end()


def _project(params: types.InitializeParams) -> str:
    """The workspace's folders in one string; "" for files that belong to none."""
    folders = [folder.uri for folder in params.workspace_folders or ()]
    return " ".join(sorted(folders)) or params.root_uri or params.root_path or ""


def _offers_completion(settings: Settings, client: types.ClientCapabilities) -> bool:
    """A client that shows ghost text should not get the same text in its list as well."""
    if settings.completion == "auto":
        return client.text_document is None or client.text_document.inline_completion is None
    return settings.completion == "on"


def _read_settings(server: SottoServer, *sources: object) -> Settings:
    settings, problems = parse_settings(*sources)
    if problems:
        show_warning(server, " ".join(problems))
    return settings


async def _ask_configuration(server: SottoServer) -> object:
    """What the client's workspace/configuration says of us; None where it says nothing."""
    workspace = server.client_capabilities.workspace
    if workspace is None or not workspace.configuration:
        return None
    asked = types.ConfigurationParams(items=[types.ConfigurationItem(section=SECTION)])
    try:
        async with asyncio.timeout(_CONFIGURATION_TIMEOUT_S):
            answers = await server.workspace_configuration_async(asked)
    except Exception as error:  # the client's fault, whatever it is: its settings are left out
        log.warning("the client did not answer workspace/configuration: %s", error)
        return None
    return answers[0] if answers else None


async def _configure(server: SottoServer, session: Session, settings: Settings) -> None:
    """Hand new settings to the session, with progress where that loads a model."""
    progress = LoadingProgress(server)
    if settings.enabled and session.needs_loading(settings):
        await progress.begin(f"Sotto: loading {session.model_name(settings)}")
    await session.configure(settings)
    progress.end("ready" if session.is_ready else "no model")
