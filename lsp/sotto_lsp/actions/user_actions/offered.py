"""UserActions: the actions that users have written down, for a document and the model that is loaded."""

from collections.abc import Sequence

from sotto_lsp.actions.action import Action
from sotto_lsp.actions.instruct.template import CHAT
from sotto_lsp.actions.user_actions.store import UserActionStore
from sotto_lsp.documents.paths import WorkspaceFile
from sotto_lsp.host.session import Session
from sotto_lsp.transport.client import Client


class UserActions:
    """Mistakes in the files are shown to the user, once."""

    def __init__(self, client: Client, session: Session) -> None:
        self._client = client
        self._session = session
        self._store = UserActionStore(client.show_warning)

    def find(self, uri: str) -> Sequence[Action]:
        """None where no instruct model is loaded: no other follows instructions, so no file is read."""
        if CHAT not in self._session.for_actions.good_for:
            return ()
        return self._store.actions_for(WorkspaceFile.of(uri, self._client.folder_uris))
