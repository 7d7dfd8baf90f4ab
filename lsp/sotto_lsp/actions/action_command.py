"""The command behind a code action, and codeAction/resolve: the model runs, and one checked answer is applied."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from lsprotocol import types

from sotto_engine.errors import SottoError
from sotto_lsp.actions.action import Action, Product
from sotto_lsp.actions.action_run import ActionRun
from sotto_lsp.actions.action_verifier import verifier_for
from sotto_lsp.actions.asking import Asking
from sotto_lsp.actions.catalogue import find_action
from sotto_lsp.actions.checked_edit import CheckedEdit
from sotto_lsp.actions.checkers.known_checkers import LANGUAGE
from sotto_lsp.actions.checkers.verifier import Verifier
from sotto_lsp.actions.code_action import COMMAND, place_in, title_of
from sotto_lsp.actions.explanation_run import ExplanationRun
from sotto_lsp.actions.offered_user_actions import UserActions
from sotto_lsp.actions.places.place import Place
from sotto_lsp.actions.proposal import Question
from sotto_lsp.actions.telling import Telling
from sotto_lsp.actions.tests_run import TestsRun
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.paths import WorkspaceFile, file_name
from sotto_lsp.documents.store import Document, DocumentStore
from sotto_lsp.documents.tracked_span import TrackedSpan
from sotto_lsp.host.session import Session
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import Target
from sotto_lsp.transport.capabilities import ClientAbilities
from sotto_lsp.transport.client import Client
from sotto_lsp.transport.messages import show_info, show_warning
from sotto_lsp.transport.progress import ActionProgress
from sotto_lsp.transport.pygls_adapter import ClientError

_MAX_CHOICE_CHARS = 60


class ActionCommand:
    """Runs actions for one client. A newer action in a document takes the place of the older."""

    def __init__(
        self, client: Client, session: Session, documents: DocumentStore, user_actions: UserActions
    ) -> None:
        self._client = client
        self._session = session
        self._documents = documents
        self._user_actions = user_actions
        self._telling = Telling(client)

    def end(self) -> None:
        """Leave nothing behind."""
        self._telling.end()

    async def execute(self, params: types.ExecuteCommandParams) -> dict[str, object]:
        """workspace/executeCommand: what came of it, with one message to the user."""
        arguments: object = params.arguments[0] if params.arguments else None
        title = "code action"
        try:
            action, document = self._meant(arguments)
            title = title_of(action, cast("dict[str, Any]", arguments))
            made = await self._made(
                title, action, document, cast("dict[str, Any]", arguments), params.work_done_token
            )
            if isinstance(made, str):
                await self._telling.tell(title, made)
                return {"applied": False, "message": made}
            await self._apply(title, made)
        except SottoError as error:
            show_warning(self._client, f"{title}: {error}")
            return {"applied": False, "message": str(error)}
        show_info(self._client, f"{title}: {made.sentence}")
        return {"applied": True, "message": made.sentence}

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """codeAction/resolve: fills in the edit, for clients that apply none of the server's own.

        What has a command is returned as it is, at once: Helix waits for the answer with its screen frozen.
        """
        if action.command is not None or action.edit is not None or action.data is None:
            return action
        try:
            meant, document = self._meant(action.data)
            made = await self._made(action.title, meant, document, cast("dict[str, Any]", action.data))
        except SottoError as error:
            show_warning(self._client, f"{action.title}: {error}")
            return action
        if isinstance(made, str):
            await self._telling.tell(action.title, made)
        else:
            action.edit = self._workspace_edit(action.title, made)
        return action

    def _meant(self, arguments: object) -> tuple[Action, Document]:
        given = cast("dict[str, Any]", arguments) if isinstance(arguments, dict) else {}
        document = self._documents.get(str(given.get("uri")))
        more = self._user_actions.of(str(given.get("uri")))
        action = find_action(str(given.get("action")), more)
        if action is None:
            raise SottoError("The command names no action that there is; take it from the editor's menu.")
        if document is None or not document.is_usable:
            raise SottoError("The document is not open; open it and ask for the actions again.")
        if action.template.needs not in self._session.good_for_in(document.language_id):
            raise SottoError("The loaded model cannot do this; load one that was tuned for it.")
        if given.get("version") not in (None, document.version):
            raise SottoError("The document has changed since the menu was made; ask for the actions again.")
        return action, document

    async def _made(
        self,
        title: str,
        action: Action,
        document: Document,
        given: dict[str, Any],
        token: types.ProgressToken | None = None,
    ) -> CheckedEdit | str:
        """What came of it: an edit, or what the user wanted to be told."""
        snapshot = document.snapshot()
        try:
            start, end = (types.Position(**given["range"][which]) for which in ("start", "end"))
        except (KeyError, TypeError) as error:
            raise SottoError("The command has no range; take it from the editor's menu.") from error
        place = place_in(snapshot, types.Range(start, end), given)
        target = action.find(Lines(snapshot), place)
        if target is None and (problem := syntax_of(snapshot.language_id).complaint(snapshot)) is not None:
            raise SottoError(problem)
        if target is None:
            raise SottoError("There is nothing here for this action; ask for the actions again.")
        self._session.supersede(COMMAND, snapshot.uri)
        task = asyncio.current_task()
        progress = ActionProgress(self._client, lambda: task.cancel() if task else None)
        with document.track(target.first, target.last) as span:
            run = self._run(action, document, place, target, span)
            said = "nothing was changed"
            try:
                await progress.begin(title, token)
                made = await run(progress)
                said = "told" if isinstance(made, str) else made.sentence
            finally:
                progress.end(said)
        return made

    def _run(
        self, action: Action, document: Document, place: Place, target: Target, span: TrackedSpan
    ) -> Callable[[ActionProgress], Awaitable[CheckedEdit | str]]:
        """The run, made while the text is the target's; the model is asked when it is called."""
        if action.product is Product.EDIT:
            choose = self._choose if self._abilities.asks_questions else None
            verifier = self._verifier(action, place, document)
            has_snippets = self._abilities.has_snippets and not self._session.settings.action_preview
            run = ActionRun(
                self._session, self._documents, action, document, target, span, verifier, has_snippets
            )
            return lambda progress: run.edit(progress, choose)
        question = Question(action, Lines(document.snapshot()), target, file_name(document.uri))
        asking = Asking(self._session, self._documents, document, question, span)
        if action.product is Product.TEXT:
            return ExplanationRun(asking).text
        file = WorkspaceFile.of(document.uri, self._client.folder_uris)
        return TestsRun(asking, file, self._abilities.creates_files).edit

    def _verifier(self, action: Action, place: Place, document: Document) -> Verifier | None:
        if document.language_id != LANGUAGE:
            return None
        file = WorkspaceFile.of(document.uri, self._client.folder_uris)
        return verifier_for(action, place, file, self._session.settings.action_checkers)

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

    async def _apply(self, title: str, made: CheckedEdit) -> None:
        edit = types.ApplyWorkspaceEditParams(edit=self._workspace_edit(title, made), label=f"Sotto: {title}")
        try:
            result = await self._client.ask(types.WORKSPACE_APPLY_EDIT, edit)
        except ClientError as error:
            raise SottoError(f"The editor did not apply the edit ({error}).") from error
        if not result.applied:
            unsaid = "it was not confirmed" if self._session.settings.action_preview else "no reason given"
            raise SottoError(f"The editor did not apply the edit ({result.failure_reason or unsaid}).")

    def _workspace_edit(self, title: str, made: CheckedEdit) -> types.WorkspaceEdit:
        return self._abilities.workspace_edit(
            made.uri,
            made.version,
            made.edits,
            title,
            with_preview=self._session.settings.action_preview,
            creates_file=made.creates_file,
        )

    @property
    def _abilities(self) -> ClientAbilities:
        return self._client.abilities
