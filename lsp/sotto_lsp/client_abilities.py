"""ClientAbilities: what the client has declared that decides how an edit and an action are spelled."""

from dataclasses import dataclass

from lsprotocol import types


@dataclass(frozen=True)
class ClientAbilities:
    """Each is sent only where it is declared: Helix drops every action of a list with an edit it does not know."""

    applies_edits: bool = False
    has_document_changes: bool = False
    has_annotations: bool = False
    resolves_edits: bool = False
    has_literals: bool = False
    tags: bool = False
    """of actions: made by a language model"""
    has_progress: bool = False
    asks_questions: bool = False
    """showMessageRequest with buttons"""

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
            resolves_edits=bool(resolve and "edit" in resolve.properties),
            has_literals=bool(action and action.code_action_literal_support),
            tags=bool(
                action
                and action.tag_support
                and types.CodeActionTag.LlmGenerated in action.tag_support.value_set
            ),
            has_progress=bool(window and window.work_done_progress),
            asks_questions=bool(window and window.show_message),
        )

    def workspace_edit(
        self, uri: str, version: int, edit: types.TextEdit, title: str, *, with_preview: bool
    ) -> types.WorkspaceEdit:
        """One edit of one document; with a version wherever the client takes one."""
        annotations: dict[str, types.ChangeAnnotation] | None = None
        if with_preview and self.has_annotations:
            annotations = {"sotto": types.ChangeAnnotation(label=f"Sotto: {title}", needs_confirmation=True)}
            made: types.TextEdit | types.AnnotatedTextEdit = types.AnnotatedTextEdit(
                range=edit.range, new_text=edit.new_text, annotation_id="sotto"
            )
        elif self.has_document_changes:
            made = edit
        else:
            return types.WorkspaceEdit(changes={uri: [edit]})
        document = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
        changed = types.TextDocumentEdit(text_document=document, edits=[made])
        return types.WorkspaceEdit(document_changes=[changed], change_annotations=annotations)
