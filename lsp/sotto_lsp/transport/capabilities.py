"""What the client has declared: ClientAbilities, and the series of servers that its plugin was made for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from lsprotocol import types

_VSCODE = ("Visual Studio Code", "Visual Studio Code - Insiders", "Code - OSS", "VSCodium", "code-server")
DRAW_REPLACEMENTS = frozenset({*_VSCODE, "Neovim", "emacs", "helix"})
"""Clients, by their own names, that draw a suggestion over the closers after the cursor; tested in tests/editors."""
WANT_NEWLINES = frozenset({"Neovim"})
"""Clients that write a suggestion's `\\r` into the file and on the screen, also where lines end with it."""
DROP_ANSWERS = frozenset({"helix"})
"""Clients that show nothing of what a command answers: they get it as a message."""
_NOTE = "sotto"
"""The name of the annotation that asks for a confirmation."""


@dataclass(frozen=True)
class ClientAbilities:
    """Each is sent only where it is declared: Helix drops every action of a list with an edit it does not know."""

    applies_edits: bool = False
    has_document_changes: bool = False
    has_annotations: bool = False
    has_snippets: bool = False
    """in the edits of a document"""
    creates_files: bool = False
    resolves_edits: bool = False
    has_literals: bool = False
    tags: bool = False
    """of actions: made by a language model"""
    has_progress: bool = False
    asks_questions: bool = False
    """showMessageRequest with buttons"""
    shows_documents: bool = False

    @classmethod
    def of(cls, client: types.ClientCapabilities) -> "ClientAbilities":
        workspace, window = client.workspace, client.window
        edit = workspace.workspace_edit if workspace else None
        action = client.text_document.code_action if client.text_document else None
        resolve = action.resolve_support if action and action.data_support else None
        return cls(
            applies_edits=bool(workspace and workspace.apply_edit),
            has_document_changes=bool(edit and edit.document_changes),
            has_annotations=bool(edit and edit.change_annotation_support),
            has_snippets=bool(edit and edit.document_changes and edit.snippet_edit_support),
            creates_files=bool(edit and types.ResourceOperationKind.Create in (edit.resource_operations or ())),
            resolves_edits=bool(resolve and "edit" in resolve.properties),
            has_literals=bool(action and action.code_action_literal_support),
            tags=bool(
                action and action.tag_support and types.CodeActionTag.LlmGenerated in action.tag_support.value_set
            ),
            has_progress=bool(window and window.work_done_progress),
            asks_questions=bool(window and window.show_message),
            shows_documents=bool(window and window.show_document and window.show_document.support),
        )

    def workspace_edit(
        self,
        uri: str,
        version: int | None,
        edits: Sequence[types.TextEdit | types.SnippetTextEdit],
        title: str,
        *,
        with_preview: bool,
        creates_file: bool = False,
    ) -> types.WorkspaceEdit:
        """Edits of one document; with a version wherever the client takes one.

        A snippet only for a client that takes them, and without a preview.
        creates_file: the document is a new file, for clients that create files: those take document changes then, be
        they declared (Neovim's are not).
        """
        annotated = with_preview and self.has_annotations
        if not (annotated or creates_file or self.has_document_changes):
            return types.WorkspaceEdit(changes={uri: [each for each in edits if isinstance(each, types.TextEdit)]})
        made: Sequence[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = edits
        annotations: dict[str, types.ChangeAnnotation] | None = None
        if annotated:
            annotations = {_NOTE: types.ChangeAnnotation(label=f"Sotto: {title}", needs_confirmation=True)}
            made = [
                types.AnnotatedTextEdit(_NOTE, each.range, each.new_text)
                for each in edits
                if isinstance(each, types.TextEdit)
            ]
        document = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
        changes: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = [
            types.TextDocumentEdit(text_document=document, edits=list(made))
        ]
        if creates_file:
            changes.insert(0, types.CreateFile(uri=uri, annotation_id=_NOTE if annotated else None))
        return types.WorkspaceEdit(document_changes=changes, change_annotations=annotations)


def split_needed_series(options: object) -> tuple[str, object]:
    """`needsServer` of initializationOptions, as in `0.1` ("" where it is not there), and the options without it.

    What is no string stays, and is named as an unknown setting.
    """
    if isinstance(options, Mapping):
        rest = dict(cast("Mapping[str, object]", options))
        if isinstance(series := rest.pop("needsServer", None), str):
            return series, rest
    return "", cast("object", options)


def compare_series(needed: str, version: str) -> str | None:
    """One sentence where a server of this version is of another series than the editor's plugin needs."""
    if not needed or version.split(".")[:2] == needed.split(".")[:2]:
        return None
    return f"The editor's plugin needs sotto {needed}, this server is {version}; install the two from one release."
