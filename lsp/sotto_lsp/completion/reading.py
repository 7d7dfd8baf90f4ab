"""Reading: what a slow model has not read yet of a place is read in the background, and typing does not end it."""

import asyncio
import logging

from sotto_engine.cancel import CancelFlag
from sotto_engine.request import FillInRequest
from sotto_lsp.host.scheduler import Priority
from sotto_lsp.host.session import Session

log = logging.getLogger(__name__)

_NUM_COMPARED = 200
"""Characters at a window's start: while they are the same, what is read of it stays of use."""
_MAX_MOVED = 1_000
"""Characters that the cursor may have moved on."""


class Reading:
    """One place at a time, the latest that was asked for. Event loop only."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._uri = ""
        self._request: FillInRequest | None = None
        self._cancelled = CancelFlag()
        self._task: asyncio.Task[int] | None = None
        self._is_read = False

    def begin(self, uri: str, request: FillInRequest) -> None:
        """Read a request's prompt, unless it is being read; another place is given up."""
        if self.is_under_way(uri, request):
            return
        self.stop()
        flag = self._cancelled = CancelFlag()
        self._uri, self._request = uri, request
        self._task = asyncio.create_task(
            self._session.run(lambda engine, cancelled: engine.prefill(request, cancelled), Priority.PREFETCH, flag)
        )
        self._task.add_done_callback(self._end)

    def has_read(self, uri: str, request: FillInRequest) -> bool:
        """Whether the place that was read last is the one of such a request."""
        return self._is_read and self._is_same_place(uri, request)

    def answered(self, uri: str, request: FillInRequest) -> None:
        """The model has answered at a place: it has read it."""
        if not self.has_read(uri, request):
            self.stop()
        self._uri, self._request, self._is_read = uri, request, True

    def is_under_way(self, uri: str, request: FillInRequest) -> bool:
        """Whether what is read at the moment is what such a request needs."""
        return self._task is not None and not self._task.done() and self._is_same_place(uri, request)

    def _is_same_place(self, uri: str, request: FillInRequest) -> bool:
        known = self._request
        if known is None or uri != self._uri:
            return False
        has_same_start = request.prefix[:_NUM_COMPARED] == known.prefix[:_NUM_COMPARED]
        return has_same_start and abs(len(request.prefix) - len(known.prefix)) <= _MAX_MOVED

    def stop(self) -> None:
        """Give the place up; the rows that were computed stay in the cache."""
        self._cancelled.set()
        self._task, self._is_read = None, False

    def _end(self, task: "asyncio.Task[int]") -> None:
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            log.debug("reading failed: %s", error)  # the next request says what is wrong
        elif task is self._task:
            self._is_read = True
