"""A model that was chosen elsewhere, in another window or a terminal, is taken up here without a restart."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from sotto_lsp.host.session import Session
from sotto_models.store import ModelStore

_AGAIN_S = 1.0


class ChoiceWatch:
    """Looks at the choice on the disk, at most once a second, when a model is asked. `reload`: loads what is used."""

    def __init__(self, session: Session, reload: Callable[[], Awaitable[None]]) -> None:
        self._session = session
        self._reload = reload
        self._used = ModelStore().used()
        self._looked_at = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()

    def look(self) -> None:
        """Have another choice loaded, if there is one and no setting goes before it."""
        if (now := time.monotonic()) - self._looked_at < _AGAIN_S:
            return
        self._looked_at = now
        if ModelStore().used() != self._used and self._session.named_model is None:
            task = asyncio.create_task(self.reload())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def reload(self) -> None:
        """Load what is used now."""
        self._used = ModelStore().used()
        await self._reload()
