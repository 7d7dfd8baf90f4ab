"""textDocument/codeAction: which actions there are at a place. Answers at once; the model runs when one is chosen."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lsprotocol import types

from sotto_engine.request import Request
from sotto_lsp.actions.action import Action, Product
from sotto_lsp.actions.catalogue import find_offered
from sotto_lsp.actions.offered_user_actions import UserActions
from sotto_lsp.actions.places.place import Place
from sotto_lsp.actions.proposal import Question, first_request
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.paths import file_name
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.store import DocumentStore
from sotto_lsp.host.session import Session
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.transport.capabilities import ClientAbilities

COMMAND = "sotto.action"
KINDS = [types.CodeActionKind.QuickFix, types.CodeActionKind.RefactorRewrite, types.CodeActionKind.Source]
_MAX_TITLE_CHARS = 80


async def code_actions(
    session: Session,
    documents: DocumentStore,
    client: ClientAbilities,
    params: types.CodeActionParams,
    user_actions: UserActions,
    plan_prompt: Callable[[Request], None],
) -> list[types.CodeAction | types.Command]:
    """Commands where the client applies the server's edits; else actions to resolve, where it can do that.

    plan_prompt: has the prompt of a request computed that will probably come.
    """
    snapshot = documents.usable_snapshot(params.text_document.uri)
    if (
        snapshot is None
        or not (good_for := session.good_for_in(snapshot.language_id))
        or not session.settings.code_actions
        or snapshot.language_id in session.settings.disabled_languages
        or not (client.applies_edits or (client.resolves_edits and client.has_literals))
    ):
        return []
    syntax = syntax_of(snapshot.language_id)
    if not syntax.is_parsed(snapshot):
        await asyncio.to_thread(syntax.parse, snapshot)  # so that keys that come meanwhile need not wait
        if documents.usable_snapshot(snapshot.uri) is not snapshot:
            return []  # the places are those of another text
    diagnostics: list[types.Diagnostic | None] = [None, *params.context.diagnostics]
    places = [
        place_in(snapshot, each.range if each else params.range, said_by(each) if each else {})
        for each in diagnostics
    ]
    actions: list[types.CodeAction | types.Command] = []
    for action, place in find_offered(snapshot, places, good_for, user_actions.of(snapshot.uri)):
        diagnostic = next(each for each, its in zip(diagnostics, places, strict=True) if its is place)
        # Who resolves an action gets an edit of the document it was asked for, and nothing else.
        can_take = client.applies_edits or action.product is Product.EDIT
        if can_take and _is_wanted(action, params.context.only):
            if not actions and params.context.trigger_kind == types.CodeActionTriggerKind.Invoked:
                _warm(plan_prompt, action, place, snapshot)
            title = title_of(action, _told(action, place, diagnostic, snapshot))
            actions.append(_made(action, title, snapshot, params.range, diagnostic, client))
    return actions


def _warm(
    plan_prompt: Callable[[Request], None], action: Action, place: Place, snapshot: DocumentSnapshot
) -> None:
    """The user reads the menu that they have opened: time to compute the prompt of its first entry."""
    lines = Lines(snapshot)
    target = action.find(lines, place)
    if target is not None and action.product in (Product.EDIT, Product.TEXT):  # tests need a look at the disk
        question = Question(action, lines, target, file_name(snapshot.uri))
        plan_prompt(first_request(question))


def said_by(diagnostic: types.Diagnostic) -> dict[str, str]:
    """What a diagnostic says, by the names that a command's arguments have for it."""
    code = "" if diagnostic.code is None else str(diagnostic.code)
    return {"message": diagnostic.message, "source": diagnostic.source or "", "code": code}


def place_in(snapshot: DocumentSnapshot, range_: types.Range, said: Mapping[str, object]) -> Place:
    """The place of a selection or a diagnostic, with what is `said` of it by a command's names for it."""
    last_line = range_.end.line
    if last_line > range_.start.line and range_.end.character == 0:
        last_line -= 1  # a selection of whole lines ends at the start of the next
    return Place(
        min(range_.start.line, snapshot.num_lines - 1),
        min(last_line, snapshot.num_lines - 1),
        snapshot.offset_at(range_.start),
        snapshot.offset_at(range_.end),
        *(str(said.get(name) or "") for name in ("message", "source", "code", "instruction")),
    )


def title_of(action: Action, said: Mapping[str, object]) -> str:
    """One line, with the diagnostic's message or the instruction where the action is about one."""
    title = action.template.title
    for word, name in (("{diagnostic}", "message"), ("{instruction}", "instruction")):
        title = title.replace(word, str(said.get(name) or ""))
    title = " ".join(title.split()).removesuffix(":")
    return title if len(title) <= _MAX_TITLE_CHARS else title[: _MAX_TITLE_CHARS - 1] + "…"


def _told(
    action: Action, place: Place, diagnostic: types.Diagnostic | None, snapshot: DocumentSnapshot
) -> Mapping[str, object]:
    """What an action's title says of its place."""
    if diagnostic is not None:
        return said_by(diagnostic)
    target = action.find(Lines(snapshot), place) if "{instruction}" in action.template.title else None
    return target.words if target else {}


def _made(
    action: Action,
    title: str,
    snapshot: DocumentSnapshot,
    selected: types.Range,
    diagnostic: types.Diagnostic | None,
    client: ClientAbilities,
) -> types.CodeAction | types.Command:
    where = diagnostic.range if diagnostic else selected
    arguments: dict[str, Any] = {
        "action": action.name,
        "uri": snapshot.uri,
        "version": snapshot.version,
        "range": {
            "start": {"line": where.start.line, "character": where.start.character},
            "end": {"line": where.end.line, "character": where.end.character},
        },
        **(said_by(diagnostic) if diagnostic else {}),
    }
    command = types.Command(title=title, command=COMMAND, arguments=[arguments])
    if not client.has_literals:
        return command
    return types.CodeAction(
        title=title,
        kind=types.CodeActionKind(action.template.kind),
        diagnostics=[diagnostic] if diagnostic else None,
        command=command if client.applies_edits else None,
        data=None if client.applies_edits else arguments,
        tags=[types.CodeActionTag.LlmGenerated] if client.tags else None,
    )


def _is_wanted(action: Action, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Kinds are a tree: who asks for `refactor` wants `refactor.rewrite` too."""
    if not only:
        return True
    kind = action.template.kind
    wanted = (each.value if isinstance(each, types.CodeActionKind) else each for each in only)
    return any(kind == each or kind.startswith(each + ".") or not each for each in wanted)
