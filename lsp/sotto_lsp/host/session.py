"""The server's mutable state. Only the event loop touches it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sotto_engine.cancel import CancelFlag
from sotto_engine.errors import SottoError
from sotto_engine.request import Completion, FillInRequest, FinishReason, Request
from sotto_engine.yielding_flag import YieldingFlag
from sotto_lsp.completion.background import Background
from sotto_lsp.completion.foresight import Foresight
from sotto_lsp.completion.pace import TypingPace
from sotto_lsp.completion.suffixes import FrozenSuffixes
from sotto_lsp.completion.type_through import LastSuggestion
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.host.battery import on_battery
from sotto_lsp.host.metrics import Metrics
from sotto_lsp.host.scheduler import Worker
from sotto_lsp.settings import Settings
from sotto_lsp.syntax.tree_sitter.language import is_among
from sotto_models.store import ModelStore, resolve_model

if TYPE_CHECKING:
    from sotto_engine.engine import Engine
    from sotto_engine.model_files.manifest import Manifest

log = logging.getLogger(__name__)


class Session:
    """Settings, the worker, the requests under way and the last suggestion of each document."""

    def __init__(self, model_dir: Path | None = None) -> None:
        """`model_dir`: a model that goes before the one in the settings (from the command line)."""
        self.settings = Settings()
        self.last_suggestions: dict[str, LastSuggestion] = {}
        self.suffixes = FrozenSuffixes()
        self.pace = TypingPace()
        self.metrics = Metrics()
        self.background = Background(self._patient_flag)
        self.foresight = Foresight(self.background)
        self.report_failure: Callable[[str], None] = log.error
        self.project = ""
        """The workspace's folders, as URIs; what is kept on disk for one is never read for another."""
        self.good_for: frozenset[str] = frozenset()
        """What the loaded model can do, as its manifest says; nothing while none is loaded"""
        self._languages: tuple[str, ...] = ()
        """That it was trained on; empty where that is not said"""
        self._model_dir = model_dir
        self._worker: Worker | None = None
        self._configured = asyncio.Event()
        self._num_unasked = 0
        """Prompt tokens computed in the background since the last question"""
        self._under_way: dict[tuple[str, str], asyncio.Task[object]] = {}

    def model_name(self, settings: Settings) -> str:
        """What the user would call the model of these settings."""
        return Path(self._named(settings) or ModelStore().used()).name

    def needs_loading(self, settings: Settings) -> bool:
        """Whether these settings need another engine than the one there is."""
        if self._worker is None or not settings.enabled:
            return settings.enabled or self._worker is not None
        return _engine_settings(settings) != _engine_settings(self.settings)

    def good_for_in(self, language_id: str) -> frozenset[str]:
        """What the loaded model can do in a language; nothing where it says that it was trained on others."""
        knows = not self._languages or is_among(language_id, self._languages)
        return self.good_for if knows else frozenset()

    @property
    def is_ready(self) -> bool:
        """Whether a model is loaded."""
        return self._worker is not None and self._worker.is_ready

    async def configure(self, settings: Settings) -> None:
        """Take the client's settings over and load the model they name. Failures are reported, once."""
        loads = self.needs_loading(settings)
        self.settings = settings
        self.last_suggestions.clear()
        self.foresight.forget()
        self.background.stop()
        worker = self._new_worker() if loads else self._worker
        self._configured.set()
        if worker is not None:
            await self._wait_loaded(worker)

    async def answers_for(self, snapshot: DocumentSnapshot | None) -> bool:
        """Whether there may be something to say about a document. Waits for the settings, not for the model."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTINGS_TIMEOUT_S):
                await self._configured.wait()
        return (
            snapshot is not None
            and self.settings.enabled
            and snapshot.language_id not in self.settings.disabled_languages
        )

    def supersede(self, method: str, uri: str) -> None:
        """Cancel the request of this kind that runs for this document; the current task takes its place.

        Neovim and Helix never cancel; the older request is answered at once, as cancelled.
        """
        key = (method, uri)
        if (older := self._under_way.pop(key, None)) is not None:
            older.cancel()
        if (task := asyncio.current_task()) is not None:
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))

    async def complete(self, request: FillInRequest) -> Completion | None:
        """The engine's answer within the request's budget; None where it came too late or no model is there."""
        self.background.stop()
        self._num_unasked = 0
        if self._worker is None:
            return None
        cancelled = CancelFlag()
        budget_s = (request.limits.deadline_ms or 60_000) / 1000
        try:
            async with asyncio.timeout(budget_s + _GRACE_S):
                completion = await self._worker.run(
                    lambda engine: engine.complete(request, cancelled), cancelled
                )
        except TimeoutError:
            completion = None
        except SottoError:
            return None  # what failed in loading was said then, once
        except Exception:
            log.exception("a completion failed")
            return None
        if completion is not None:
            self.metrics.add(completion)
        if completion is None or (completion.finish_reason is FinishReason.DEADLINE and not completion.text):
            self.background.begin(partial(self.prefill, request))  # the next key should not wait as long
        return completion

    async def generate(self, request: Request, on_text: Callable[[str], None]) -> Completion:
        """An answer that may take its time and gives way to completions. `on_text` runs on the worker's thread.

        Raises SottoError where there is no model.
        """
        completion = await self._needed_worker().run_patiently(
            lambda engine, cancelled: engine.complete(request, cancelled, on_text)
        )
        self.metrics.add_of_action()
        return completion

    async def score(self, request: Request, texts: Sequence[str]) -> tuple[float, ...]:
        """How probable each text is as the answer, as a natural logarithm; gives way as `generate` does.

        Raises SottoError where there is no model, or none any more.
        """
        scores = await self._needed_worker().run_patiently(
            lambda engine, cancelled: engine.score(request, texts, cancelled)
        )
        if len(scores) < len(texts):
            raise SottoError("The model was stopped meanwhile; run the action again.")
        return scores

    async def think_on(self, request: Request, cancelled: YieldingFlag) -> Completion | None:
        """An answer that nobody has asked for yet, and that gives way to all others; None where it must not be."""
        worker = await self._idle_worker()
        if worker is None:
            return None
        self.metrics.num_ahead += 1
        return await worker.run_patiently(lambda engine, flag: engine.complete(request, flag), cancelled)

    async def prefill(self, request: Request, cancelled: YieldingFlag) -> None:
        """Compute a prompt that will probably be asked for; nothing where that must not be."""
        worker = await self._idle_worker()
        if worker is None or self._num_unasked >= _MAX_UNASKED_TOKENS:
            return
        num = await worker.run_patiently(lambda engine, flag: engine.prefill(request, flag), cancelled)
        self._num_unasked += num
        self.metrics.num_ahead_tokens += num

    async def prefill_beside(self, request: Request, cancelled: YieldingFlag) -> bool:
        """As `prefill`, for what may be asked next at the place that was asked about last; whether it is done."""
        if (worker := await self._idle_worker()) is None:
            return False
        num = await worker.run_patiently(lambda engine, flag: engine.prefill_beside(request, flag), cancelled)
        self.metrics.num_ahead_tokens += num
        return not CancelFlag.is_set(cancelled)

    async def _idle_worker(self) -> Worker | None:
        """None where nothing may be computed before it is asked for."""
        wanted = self.settings.look_ahead
        worker = self._worker
        if worker is None or wanted == "off" or (wanted == "auto" and await asyncio.to_thread(on_battery)):
            return None
        return worker

    def _patient_flag(self) -> YieldingFlag:
        if self._worker is None:
            return YieldingFlag(lambda: None)
        return self._worker.patient_flag()

    def _needed_worker(self) -> Worker:
        """For somebody who waits: what nobody has asked for ends."""
        self.background.stop()
        if self._worker is None:
            raise SottoError("No model is loaded; switch the setting sotto.enabled on.")
        return self._worker

    def _new_worker(self) -> Worker | None:
        """Start to load the model that the settings name, in place of the one before."""
        self.stop()
        self.good_for = frozenset()
        unload_after_s = self.settings.unload_minutes * 60 or None
        share = _share_weights if self.settings.share_weights else None
        self._worker = Worker(self._loader(), unload_after_s, share) if self.settings.enabled else None
        if self._worker is not None:
            self._worker.start()
        return self._worker

    async def _wait_loaded(self, worker: Worker) -> None:
        try:
            manifest = await worker.wait_loaded()
        except SottoError as error:
            self.report_failure(str(error))
        except Exception as error:
            log.exception("loading failed")
            self.report_failure(f"The model could not be loaded ({error}); run `sotto doctor`.")
        else:
            if worker is self._worker:
                self.good_for = frozenset(manifest.good_for)
                self._languages = manifest.languages

    def stop(self, *, keep: bool = False) -> None:
        """End the work. `keep`: what the next start can use is on disk when this returns, after a second at most."""
        self.background.stop()
        if self._worker is not None:
            self._worker.stop(keep=keep)
            self._worker.wait_ended()

    def _named(self, settings: Settings) -> Path | str | None:
        """The model's folder or name, where one is named."""
        return self._model_dir or settings.model or None

    def _loader(self) -> "Callable[[], tuple[Engine, Manifest]]":
        named, settings, project = self._named(self.settings), self.settings, self.project

        def load() -> "tuple[Engine, Manifest]":
            from sotto_engine.cache.cache_store import WarmStart  # noqa: PLC0415
            from sotto_engine.engine import EngineOptions  # noqa: PLC0415 - loads onnxruntime
            from sotto_engine.loading import load_engine  # noqa: PLC0415

            return load_engine(
                resolve_model(named),
                EngineOptions(
                    fim_family=settings.fim_family or None,
                    fim_order=settings.fim_order or None,
                    num_threads=settings.threads,
                    cache_nbytes=settings.cache_megabytes << 20,
                    warm_start=WarmStart(settings.warm_start, project),
                    share_weights=settings.share_weights,
                ),
            )

        return load

    def _forget(self, key: tuple[str, str], done: "asyncio.Task[object]") -> None:
        if self._under_way.get(key) is done:
            del self._under_way[key]


def _engine_settings(settings: Settings) -> tuple[object, ...]:
    """The settings that an engine is loaded with."""
    return (
        settings.model,
        settings.fim_family,
        settings.fim_order,
        settings.threads,
        settings.cache_megabytes,
        settings.unload_minutes,
        settings.warm_start,
        settings.share_weights,
    )


def _share_weights(manifest: "Manifest") -> None:
    """On the worker's thread."""
    from sotto_engine.model.packing import share_weights  # noqa: PLC0415 - loads onnxruntime

    share_weights(manifest)


_MAX_UNASKED_TOKENS = 16_384
"""About ten prompts of a model's whole context: who reads and moves about, or never asks, costs no more."""
_SETTINGS_TIMEOUT_S = 5.0
"""For the client's settings after `initialize`; after that the defaults must do."""
_GRACE_S = 0.05
"""The engine ends itself at the deadline; this is for the way back."""
