"""The server's table of contents: which messages it handles, and who handles them."""

from functools import partial
from importlib.metadata import version
from pathlib import Path

from lsprotocol import types

from sotto_lsp.actions.handlers import ActionHandlers
from sotto_lsp.actions.menu import COMMAND, KINDS
from sotto_lsp.actions.user_actions.offered import UserActions
from sotto_lsp.completion.completer import Completer
from sotto_lsp.completion.fit.place import ClientRules
from sotto_lsp.completion.handlers import completion, inline_completion
from sotto_lsp.documents.notebooks import Notebooks
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.host.saving import SavingWatch
from sotto_lsp.host.session import Session
from sotto_lsp.model_choice.handlers import GET, LIST, USE, ModelHandlers
from sotto_lsp.model_choice.watching import ChoiceWatch
from sotto_lsp.transport.document_sync import DocumentSync, NotebookSync
from sotto_lsp.transport.json_rpc import Handler, run_command
from sotto_lsp.transport.lifecycle import Lifecycle
from sotto_lsp.transport.lsp_server import SottoServer

METRICS = "sotto.metrics"
EXPLAIN_LAST = "sotto.explainLast"

OFFERS = types.ServerCapabilities(
    inline_completion_provider=types.InlineCompletionOptions(),
    completion_provider=types.CompletionOptions(resolve_provider=False),
    code_action_provider=types.CodeActionOptions(code_action_kinds=KINDS, resolve_provider=True),
    notebook_document_sync=types.NotebookDocumentSyncOptions(
        notebook_selector=[types.NotebookDocumentFilterWithNotebook(notebook="*")], save=False
    ),
    execute_command_provider=types.ExecuteCommandOptions(commands=[COMMAND, METRICS, EXPLAIN_LAST, LIST, USE, GET]),
)


def make_server(model_dir: Path | None = None) -> SottoServer:
    """The whole server, ready for `run`."""
    server = SottoServer("sotto", version("sotto-ls"))
    client = server.client
    documents = DocumentStore()
    notebooks = Notebooks(documents)
    session = Session(model_dir)
    completer = Completer(
        session,
        documents,
        notebooks,
        folder_uris=lambda: client.folder_uris,
        rules=lambda: ClientRules(client.draws_replacements, client.wants_newlines),
    )
    prefetch = completer.prefetch
    user_actions = UserActions(client, session)
    actions = ActionHandlers(client, session, documents, user_actions.find, prefetch.plan_prompt)
    lifecycle = Lifecycle(server, session, documents, OFFERS)
    sync = DocumentSync(documents, completer.document_opened, completer.document_changed, completer.document_closed)
    choice = ChoiceWatch(session, lifecycle.reload_model)
    session.on_request += [choice.look, SavingWatch(session, lifecycle.reload_model).look]
    models = ModelHandlers(client, session, choice.reload)
    notebook_sync = NotebookSync(sync, notebooks)

    def explain_last(_: types.ExecuteCommandParams) -> list[dict[str, object]]:
        if client.drops_answers:
            client.show_info(completer.explanations.describe_last())
        return completer.explanations.report()

    commands: dict[str, Handler] = {
        COMMAND: actions.execute,
        METRICS: lambda _: session.metrics.report(),
        EXPLAIN_LAST: explain_last,
        LIST: models.list,
        USE: models.use,
        GET: models.get,
    }

    async def on_code_action(params: types.CodeActionParams) -> list[types.CodeAction | types.Command]:
        prefetch.cursor_moved(params.text_document.uri, params.range.end)
        return await actions.code_action(params)

    def shutdown(_: None) -> None:
        prefetch.stop()
        session.stop(keep=True)
        actions.end()

    server.rpc.on_refused = notebook_sync.on_refused
    server.rpc.handlers = {
        types.INITIALIZE: lifecycle.initialize,
        types.INITIALIZED: lifecycle.initialized,
        types.SHUTDOWN: shutdown,
        types.WORKSPACE_DID_CHANGE_CONFIGURATION: lifecycle.did_change_configuration,
        types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: client.did_change_workspace_folders,
        types.WINDOW_WORK_DONE_PROGRESS_CANCEL: client.did_cancel_progress,
        types.TEXT_DOCUMENT_DID_OPEN: sync.did_open,
        types.TEXT_DOCUMENT_DID_CHANGE: sync.did_change,
        types.TEXT_DOCUMENT_DID_CLOSE: sync.did_close,
        types.NOTEBOOK_DOCUMENT_DID_OPEN: notebook_sync.did_open,
        types.NOTEBOOK_DOCUMENT_DID_CHANGE: notebook_sync.did_change,
        types.NOTEBOOK_DOCUMENT_DID_CLOSE: notebook_sync.did_close,
        types.TEXT_DOCUMENT_INLINE_COMPLETION: partial(inline_completion, completer),
        types.TEXT_DOCUMENT_COMPLETION: partial(completion, completer),
        types.TEXT_DOCUMENT_CODE_ACTION: on_code_action,
        types.CODE_ACTION_RESOLVE: actions.resolve,
        types.WORKSPACE_EXECUTE_COMMAND: partial(run_command, commands),
    }
    return server
