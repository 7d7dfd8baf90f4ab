"""The server's mutable state. Only the event loop touches it."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sotto_models
from sotto_engine.cancel import CancelFlag
from sotto_engine.errors import SottoError
from sotto_engine.request import Completion, CompletionRequest
from sotto_lsp.last_suggestion import LastSuggestion
from sotto_lsp.metrics import Metrics
from sotto_lsp.settings import Settings
from sotto_lsp.worker import Worker

if TYPE_CHECKING:
    from sotto_engine.engine import Engine

log = logging.getLogger(__name__)


class Session:
    """Settings, the worker, the requests under way and the last suggestion of each document."""

    def __init__(self, model_dir: Path | None = None) -> None:
        """`model_dir`: a model that goes before the one in the settings (from the command line)."""
        self.settings = Settings()
        self.last_suggestions: dict[str, LastSuggestion] = {}
        self.metrics = Metrics()
        self.report_failure: Callable[[str], None] = log.error
        self._model_dir = model_dir
        self._worker: Worker | None = None
        self._under_way: dict[str, asyncio.Task[object]] = {}

    @property
    def model_dir(self) -> Path:
        return self._model_dir or Path(self.settings.model or sotto_models.embedded_model_dir())

    @property
    def is_ready(self) -> bool:
        """Whether a model is loaded."""
        return self._worker is not None and self._worker.is_ready

    def supersede(self, uri: str) -> None:
        """Cancel the request that runs for this document and put the current task in its place.

        Neovim and Helix never cancel; the older request is answered at once, as cancelled.
        """
        if (older := self._under_way.pop(uri, None)) is not None and not older.done():
            older.cancel()
        if (task := asyncio.current_task()) is not None:
            self._under_way[uri] = task
            task.add_done_callback(lambda done: self._forget(uri, done))

    async def complete(self, request: CompletionRequest) -> Completion | None:
        """The engine's answer within the request's budget; None where it came too late or no model is there."""
        if self._worker is None:
            return None
        cancelled = CancelFlag()
        budget_s = (request.deadline_ms or 60_000) / 1000
        try:
            async with asyncio.timeout(budget_s + _GRACE_S):
                completion = await self._worker.run(
                    lambda engine: engine.complete(request, cancelled), cancelled
                )
        except (TimeoutError, SottoError):
            return None  # what failed in loading was said then, once
        except Exception:
            log.exception("a completion failed")
            return None
        self.metrics.add(completion)
        return completion

    async def load(self) -> None:
        """Load the model the settings name, in place of the one before. Failures are reported, once."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
        if not self.settings.enabled:
            return
        self._worker = worker = Worker(self._loader())
        worker.start()
        try:
            await worker.wait_loaded()
        except SottoError as error:
            self.report_failure(str(error))
        except Exception as error:
            log.exception("loading failed")
            self.report_failure(f"The model could not be loaded ({error}); run `sotto doctor`.")

    def stop(self) -> None:
        if self._worker is not None:
            self._worker.stop()

    def _loader(self) -> "Callable[[], Engine]":
        directory, settings = self.model_dir, self.settings

        def load() -> "Engine":
            from sotto_engine.engine import EngineOptions, load_engine  # noqa: PLC0415 - loads onnxruntime

            return load_engine(
                directory,
                EngineOptions(
                    fim_family=settings.fimFamily or None,
                    fim_order=settings.fimOrder or None,
                    num_threads=settings.threads,
                    cache_nbytes=settings.cacheMegabytes << 20,
                ),
            )[0]

        return load

    def _forget(self, uri: str, done: "asyncio.Task[object]") -> None:
        if self._under_way.get(uri) is done:
            del self._under_way[uri]


_GRACE_S = 0.05
"""The engine ends itself at the deadline; this is for the way back."""
