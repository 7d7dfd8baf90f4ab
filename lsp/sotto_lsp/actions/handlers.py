"""The handlers of code actions: the menu, the command of an entry, and the edit of an entry (codeAction/resolve)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from lsprotocol import types

from sotto_engine.errors import SottoError
from sotto_engine.request import Request
from sotto_lsp.actions.action import Action, Product
from sotto_lsp.actions.asking import Asking
from sotto_lsp.actions.catalogue import find_action, find_offered
from sotto_lsp.actions.checks import make_verifier
from sotto_lsp.actions.edit_run import CheckedEdit, EditRun
from sotto_lsp.actions.explanation import ExplanationView, explain
from sotto_lsp.actions.menu import COMMAND, describe_diagnostic, is_wanted, make_entry, make_place, make_title
from sotto_lsp.actions.places.place import Place
from sotto_lsp.actions.proposal import Question, build_first_request
from sotto_lsp.actions.tests_run import TestsRun
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.paths import WorkspaceFile, file_name
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.store import Document, DocumentStore
from sotto_lsp.host.session import Session
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.transport.client import Client
from sotto_lsp.transport.progress import ActionProgress
from sotto_lsp.transport.pygls_adapter import ClientError

Arguments = dict[str, Any]
"""Of the command: `action`, `uri`, `range`, and what the menu or the user adds."""
_MAX_CHOICE_CHARS = 60


class ActionHandlers:
    """For one client. A newer action in a document takes the place of the older."""

    def __init__(
        self,
        client: Client,
        session: Session,
        documents: DocumentStore,
        user_actions: Callable[[str], Sequence[Action]],
        plan_prompt: Callable[[Request], None],
    ) -> None:
        """user_actions: by a document's uri. plan_prompt: prepares the prompt of a likely request."""
        self._client = client
        self._main = session
        self._documents = documents
        self._user_actions = user_actions
        self._plan_prompt = plan_prompt
        self._view = ExplanationView(client)

    @property
    def _session(self) -> Session:
        """The one whose model runs actions."""
        return self._main.for_actions

    def end(self) -> None:
        """Leave nothing on the disk."""
        self._view.remove_files()

    async def code_action(self, params: types.CodeActionParams) -> list[types.CodeAction | types.Command]:
        """textDocument/codeAction: which actions there are at a place. The model runs when one is chosen."""
        snapshot, client = self._documents.usable_snapshot(params.text_document.uri), self._client.abilities
        if snapshot is None or not (client.applies_edits or (client.resolves_edits and client.has_literals)):
            return []
        syntax = syntax_of(snapshot.language_id)
        if self._is_served(snapshot) and not syntax.is_parsed(snapshot):
            await asyncio.to_thread(syntax.parse, snapshot)  # so that keys that come meanwhile need not wait
        if not self._is_served(snapshot) or self._documents.usable_snapshot(snapshot.uri) is not snapshot:
            return []  # the places would be those of another text
        good_for, more = self._session.good_for_in(snapshot.language_id), self._user_actions(snapshot.uri)
        diagnostics: list[types.Diagnostic | None] = [None, *params.context.diagnostics]
        places = [
            make_place(snapshot, each.range if each else params.range, describe_diagnostic(each))
            for each in diagnostics
        ]
        entries: list[types.CodeAction | types.Command] = []
        for action, place, target in find_offered(snapshot, places, good_for, more):
            # A client that resolves an action gets an edit of this document, and nothing else.
            can_take = client.applies_edits or action.product is Product.EDIT
            if not can_take or not is_wanted(action, params.context.only):
                continue
            is_open = params.context.trigger_kind == types.CodeActionTriggerKind.Invoked
            if (
                is_open and self._session is self._main and not entries and action.product is not Product.TESTS
            ):  # these need a look at the disk
                question = Question(action, Lines(snapshot), target, file_name(snapshot.uri))
                self._plan_prompt(build_first_request(question))  # while the user reads the menu
            diagnostic = next(each for each, its in zip(diagnostics, places, strict=True) if its is place)
            entries.append(make_entry(action, target, snapshot, params.range, diagnostic, client))
        return entries

    async def execute(self, params: types.ExecuteCommandParams) -> dict[str, object]:
        """workspace/executeCommand: what came of it, with one message to the user."""
        given: object = params.arguments[0] if params.arguments else None
        arguments = cast("Arguments", given) if isinstance(given, dict) else {}
        title = "code action"
        try:
            action, document = self._parse_command(arguments)
            title = make_title(action, arguments)
            result = await self._run(title, action, document, arguments, params.work_done_token)
            if isinstance(result, str):
                await self._view.show(title, result)
                return {"applied": False, "message": result}
            await self._apply(title, result)
        except SottoError as error:
            self._client.show_warning(f"{title}: {error}")
            return {"applied": False, "message": str(error)}
        self._client.show_info(f"{title}: {result.sentence}")
        return {"applied": True, "message": result.sentence}

    async def resolve(self, entry: types.CodeAction) -> types.CodeAction:
        """codeAction/resolve: fills in the edit, for clients that apply none of the server's own.

        What has a command is returned as it is, at once: Helix waits for the answer with its screen frozen.
        """
        if entry.command is not None or entry.edit is not None or entry.data is None:
            return entry
        arguments = cast("Arguments", entry.data) if isinstance(cast("object", entry.data), dict) else {}
        try:
            action, document = self._parse_command(arguments)
            result = await self._run(entry.title, action, document, arguments, None)
        except SottoError as error:
            self._client.show_warning(f"{entry.title}: {error}")
            return entry
        if isinstance(result, str):
            await self._view.show(entry.title, result)
        else:
            entry.edit = self._workspace_edit(entry.title, result)
        return entry

    def _is_served(self, snapshot: DocumentSnapshot) -> bool:
        settings = self._session.settings
        return (
            settings.code_actions
            and snapshot.language_id not in settings.disabled_languages
            and bool(self._session.good_for_in(snapshot.language_id))
        )

    def _parse_command(self, arguments: Arguments) -> tuple[Action, Document]:
        uri = str(arguments.get("uri"))
        document = self._documents.get(uri)
        action = find_action(str(arguments.get("action")), self._user_actions(uri))
        if action is None:
            raise SottoError("The command names no action that there is; take it from the editor's menu.")
        if document is None or not document.is_usable:
            raise SottoError("The document is not open; open it and ask for the actions again.")
        if action.template.needs not in self._session.good_for_in(document.language_id):
            raise SottoError("The loaded model cannot do this; load one that was tuned for it.")
        if arguments.get("version") not in (None, document.version):
            raise SottoError("The document has changed since the menu was made; ask for the actions again.")
        return action, document

    async def _run(
        self,
        title: str,
        action: Action,
        document: Document,
        arguments: Arguments,
        token: types.ProgressToken | None,
    ) -> CheckedEdit | str:
        """What comes of an action, with progress: an edit, or words for the user."""
        snapshot = document.snapshot()
        lines, syntax = Lines(snapshot), syntax_of(snapshot.language_id)
        try:
            start, end = (types.Position(**arguments["range"][which]) for which in ("start", "end"))
        except (KeyError, TypeError) as error:
            raise SottoError("The command has no range; take it from the editor's menu.") from error
        place = make_place(snapshot, types.Range(start, end), arguments)
        if (target := action.find(lines, place)) is None:
            nothing = "There is nothing here for this action; ask for the actions again."
            raise SottoError(syntax.explain_unparsed(snapshot) or nothing)
        self._session.supersede(COMMAND, snapshot.uri)
        task = asyncio.current_task()
        progress = ActionProgress(self._client, lambda: task.cancel() if task else None)
        with document.track(target.first, target.last) as span:
            question = Question(action, lines, target, file_name(snapshot.uri))
            run = self._prepare(Asking(self._session, self._documents, document, question, span), place)
            message = "nothing was changed"
            try:
                await progress.begin(title, token)
                result = await run(progress)
                message = "done" if isinstance(result, str) else result.sentence
            finally:
                progress.end(message)
        return result

    def _prepare(self, asking: Asking, place: Place) -> Callable[[ActionProgress], Awaitable[CheckedEdit | str]]:
        """The run of an action, by what it comes to."""
        action, document, client = asking.question.action, asking.document, self._client.abilities
        if action.product is Product.TEXT:
            return lambda progress: explain(asking, progress)
        file = WorkspaceFile.of(document.uri, self._client.folder_uris)
        if action.product is Product.TESTS:
            return TestsRun(asking, file, client.creates_files).edit
        settings = self._session.settings
        verifier = make_verifier(action, place, document.language_id, file, settings.action_checkers)
        choose = self._choose if client.asks_questions else None
        return EditRun(asking, verifier, choose, client.has_snippets and not settings.action_preview).edit

    async def _choose(self, lines: list[str]) -> int | None:
        """Which line the user wants; None where the question is closed."""
        titles = [f"{number}: {line}"[:_MAX_CHOICE_CHARS] for number, line in enumerate(lines, 1)]
        question = types.ShowMessageRequestParams(
            type=types.MessageType.Info,
            message="Sotto: write this line instead?",
            actions=[types.MessageActionItem(title=each) for each in titles],
        )
        try:
            answer = await self._client.ask(types.WINDOW_SHOW_MESSAGE_REQUEST, question)
        except ClientError as error:
            raise SottoError(f"The editor could not show the alternatives ({error}).") from error
        return titles.index(answer.title) if answer is not None and answer.title in titles else None

    async def _apply(self, title: str, result: CheckedEdit) -> None:
        edit = self._workspace_edit(title, result)
        params = types.ApplyWorkspaceEditParams(edit=edit, label=f"Sotto: {title}")
        try:
            answer = await self._client.ask(types.WORKSPACE_APPLY_EDIT, params)
        except ClientError as error:
            raise SottoError(f"The editor did not apply the edit ({error}).") from error
        if not answer.applied:
            unnamed = "it was not confirmed" if self._session.settings.action_preview else "no reason given"
            raise SottoError(f"The editor did not apply the edit ({answer.failure_reason or unnamed}).")

    def _workspace_edit(self, title: str, result: CheckedEdit) -> types.WorkspaceEdit:
        return self._client.abilities.workspace_edit(
            result.uri,
            result.version,
            result.edits,
            title,
            with_preview=self._session.settings.action_preview,
            creates_file=result.creates_file,
        )
