"""Saving: on battery, or while memory is short, the embedded model takes a larger one's place."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sotto_engine.errors import SottoError
from sotto_engine.model_files.manifest import load_manifest
from sotto_lsp.host.idle import is_on_battery
from sotto_models.store import resolve_model

if TYPE_CHECKING:
    from sotto_lsp.host.session import Session

_AGAIN_S = 30.0
_FREE_SHARE = 1 / 16
"""Of the machine's memory, that is left to others."""
_SIZES_WHILE_LOADING = 2
"""Memory that loading a model needs, by the size of its files; the same gap keeps it from coming and going."""


def find_reason(named: Path | str | None, *, is_loaded: bool) -> str:
    """Why the embedded model should answer instead of this one, in two words; "" where it need not.

    named: the model's folder or name. is_loaded: whether it is in memory now. Not for the event loop.
    """
    try:
        manifest = load_manifest(resolve_model(named))
    except SottoError:
        return ""  # loading says it
    if not manifest.is_large:
        return ""
    if is_on_battery():
        return "on battery"
    return "memory is short" if _is_memory_short(0 if is_loaded else manifest.nbytes) else ""


def _is_memory_short(nbytes: int) -> bool:
    """Whether a model of so many bytes, still to be loaded, would leave others too little."""
    import psutil  # noqa: PLC0415 - 70 ms that a start need not wait for

    memory = psutil.virtual_memory()
    return memory.available < memory.total * _FREE_SHARE + nbytes * _SIZES_WHILE_LOADING


class SavingWatch:
    """Looks twice a minute at most, when a model is asked. `reload`: loads the model that is used now."""

    def __init__(self, session: "Session", reload: Callable[[], Awaitable[None]]) -> None:
        self._session = session
        self._reload = reload
        self._looked_at = -_AGAIN_S
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Have the other model loaded where the reason has come or gone."""
        now = time.monotonic()
        if self._session.settings.saver == "off" or now - self._looked_at < _AGAIN_S:
            return
        self._looked_at = now
        self._task = asyncio.create_task(self._change())

    async def _change(self) -> None:
        if bool(await self._session.find_saving()) != bool(self._session.saving):
            await self._reload()
