"""WarmPrompt: the prompt of a menu's first action is computed while the user reads the menu. Event loop only."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sotto_engine.request import CompletionRequest
from sotto_engine.yielding_flag import YieldingFlag

log = logging.getLogger(__name__)

Prefill = Callable[[CompletionRequest, YieldingFlag], Awaitable[object]]


class WarmPrompt:
    """One prompt at a time; what was computed of one that is stopped stays in the engine's cache."""

    def __init__(self, new_flag: Callable[[], YieldingFlag], prefill: Prefill) -> None:
        self._new_flag = new_flag
        self._prefill = prefill
        self._flag: YieldingFlag | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, request: CompletionRequest) -> None:
        """Returns at once; the one before is stopped."""
        self.stop()
        flag = self._flag = self._new_flag()
        self._task = asyncio.create_task(self._run(request, flag))

    def stop(self) -> None:
        """After an edit, or when an action has been chosen: the model is free within a pass."""
        if self._flag is not None:
            self._flag.set()
            self._flag = None

    async def _run(self, request: CompletionRequest, flag: YieldingFlag) -> None:
        try:
            await self._prefill(request, flag)
        except asyncio.CancelledError:
            log.debug("a prompt was not computed to its end")
        except Exception:  # nobody has asked for it; the action itself will say what is wrong
            log.debug("a prompt could not be computed", exc_info=True)
