"""The menu of code actions as LSP spells it: places out of ranges and diagnostics, titles, entries. Runs no model."""

from collections.abc import Mapping, Sequence
from typing import Any

from lsprotocol import types

from sotto_lsp.actions.action import Action
from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.syntax.target import Target
from sotto_lsp.transport.capabilities import ClientAbilities

COMMAND = "sotto.action"
KINDS = [types.CodeActionKind.QuickFix, types.CodeActionKind.RefactorRewrite, types.CodeActionKind.Source]
_MAX_TITLE_CHARS = 80


def describe_diagnostic(diagnostic: types.Diagnostic | None) -> dict[str, str]:
    """What a diagnostic says, by the names that a command's arguments have for it; nothing for none."""
    if diagnostic is None:
        return {}
    code = "" if diagnostic.code is None else str(diagnostic.code)
    return {"message": diagnostic.message, "source": diagnostic.source or "", "code": code}


def make_place(snapshot: DocumentSnapshot, range_: types.Range, words: Mapping[str, object]) -> Place:
    """The place of a selection or a diagnostic. words: by the names that a command's arguments have for them."""
    last_line = range_.end.line
    if last_line > range_.start.line and range_.end.character == 0:
        last_line -= 1  # a selection of whole lines ends at the start of the next
    return Place(
        min(range_.start.line, snapshot.num_lines - 1),
        min(last_line, snapshot.num_lines - 1),
        snapshot.offset_at(range_.start),
        snapshot.offset_at(range_.end),
        *(str(words.get(name) or "") for name in ("message", "source", "code", "instruction")),
    )


def make_title(action: Action, words: Mapping[str, object]) -> str:
    """One line, with the diagnostic's message or the instruction where the action is about one."""
    title = action.template.title
    for word, name in (("{diagnostic}", "message"), ("{instruction}", "instruction")):
        title = title.replace(word, str(words.get(name) or ""))
    title = " ".join(title.split()).removesuffix(":")
    return title if len(title) <= _MAX_TITLE_CHARS else title[: _MAX_TITLE_CHARS - 1] + "…"


def make_entry(
    action: Action,
    target: Target,
    snapshot: DocumentSnapshot,
    selected: types.Range,
    diagnostic: types.Diagnostic | None,
    client: ClientAbilities,
) -> types.CodeAction | types.Command:
    """A command where the client applies the server's edits; else an action to resolve, where it can do that."""
    description = describe_diagnostic(diagnostic)
    title = make_title(action, description or target.words)
    where = diagnostic.range if diagnostic else selected
    arguments: dict[str, Any] = {
        "action": action.name,
        "uri": snapshot.uri,
        "version": snapshot.version,
        "range": {
            "start": {"line": where.start.line, "character": where.start.character},
            "end": {"line": where.end.line, "character": where.end.character},
        },
        **description,
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


def is_wanted(action: Action, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Whether a client that names these kinds wants the action: kinds are a tree, `refactor` is all below it, too."""
    if not only:
        return True
    kind = action.template.kind
    wanted = (each.value if isinstance(each, types.CodeActionKind) else each for each in only)
    return any(kind == each or kind.startswith(each + ".") or not each for each in wanted)
