"""Session: settings, the model and the requests under way. Only the event loop touches it. Knows no feature."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sotto_engine.cancel import CancelFlag
from sotto_engine.errors import SottoError
from sotto_engine.model_files.manifest import load_manifest
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.host.idle import is_on_battery
from sotto_lsp.host.metrics import Metrics
from sotto_lsp.host.model_loading import ModelLoading, engine_settings, settings_of_actions, settings_of_stand_in
from sotto_lsp.host.saving import find_reason
from sotto_lsp.host.scheduler import Priority, Scheduler
from sotto_lsp.settings import Settings
from sotto_lsp.syntax.languages.registry import is_among
from sotto_models import embedded_model_dir
from sotto_models.store import EMBEDDED, ModelStore, resolve_model

if TYPE_CHECKING:
    from sotto_engine.decode.run import Steps
    from sotto_engine.engine import Engine
    from sotto_engine.model_files.manifest import Manifest

T = TypeVar("T")
log = logging.getLogger(__name__)

_SETTINGS_TIMEOUT_S = 5.0
"""For the client's settings after `initialize`; after that the defaults must do."""


class Session:
    """One client's session."""

    def __init__(self, model_dir: Path | None = None, *, is_main: bool = True) -> None:
        """`model_dir`: a model that goes before the one in the settings (from the command line).

        is_main: False for one that helps another out.
        """
        self.stand_in = Session(embedded_model_dir(), is_main=False) if is_main else None
        """Of the embedded model, which answers while a larger one still has to read; loaded with such a one alone."""
        self._of_actions = Session(is_main=False) if is_main else None
        """Of the model that `actionsModel` names; it is loaded when it is first asked."""
        self.settings = Settings()
        self.saving = ""
        """Why the embedded model answers instead of the one that was chosen; "" where it does not"""
        self.metrics = Metrics()
        self.on_configured: list[Callable[[], None]] = []
        """Called with other settings, and maybe another model: forget what belonged to the old ones."""
        self.on_request: list[Callable[[], None]] = []
        """Called before a completion or an action runs: end what nobody waits for."""
        self.report_failure: Callable[[str], None] = log.error
        self.project = ""
        """The workspace's folders, as URIs; what is kept on disk for one is never read for another."""
        self.good_for: frozenset[str] = frozenset()
        """What the loaded model can do, as its manifest says; nothing while none is loaded"""
        self._manifest: Manifest | None = None
        """of the model, read before that is loaded: the first request is asked as all others"""
        self._model_dir = model_dir
        self._loads_when_used = not is_main and model_dir is None
        self._scheduler: Scheduler | None = None
        self._configured = asyncio.Event()
        self._under_way: dict[tuple[str, str], asyncio.Task[object]] = {}
        self._flags: dict[asyncio.Task[object] | None, CancelFlag] = {}
        """by the task that waits for the engine"""

    # The settings and the model

    def model_name(self, settings: Settings) -> str:
        """What the user would call the model of these settings."""
        return Path(self._named(settings) or ModelStore().used()).name

    @property
    def named_model(self) -> str | None:
        """The model that the command line or the settings name; None: the one that was chosen is used."""
        named = self._chosen(self.settings)
        return None if named is None else str(named)

    @property
    def for_actions(self) -> "Session":
        """The one whose model runs the code actions; its settings are this one's in all that an action asks."""
        own = self._of_actions
        return own if own is not None and self.settings.actions_model else self

    def needs_loading(self, settings: Settings) -> bool:
        """Whether these settings need another engine than the one there is."""
        if self._scheduler is None or not settings.enabled:
            return settings.enabled or self._scheduler is not None
        return engine_settings(settings) != engine_settings(self.settings)

    def good_for_in(self, language_id: str) -> frozenset[str]:
        """What the loaded model can do in a language; nothing where it says that it was trained on others."""
        return self.good_for if self.knows(language_id) else frozenset()

    def knows(self, language_id: str) -> bool:
        """Whether the loaded model was trained on a language, as far as its manifest says. True while none is."""
        languages = self._manifest.languages if self._manifest and self.is_ready else ()
        return not languages or is_among(language_id, languages)

    @property
    def min_probability(self) -> float | None:
        """What a line must have to be shown unasked; None as the model's manifest says."""
        named = self.settings.min_probability
        return self._manifest.min_probability_in(self.settings.mode) if named is None and self._manifest else named

    @property
    def model_indentation(self) -> str:
        """The one that the loaded model was trained with; "" for any."""
        return self._manifest.indentation if self._manifest else ""

    @property
    def loaded_name(self) -> str:
        """Of the model, as its manifest says."""
        return self._manifest.name if self._manifest else ""

    @property
    def is_resident(self) -> bool:
        """Whether a model is in memory, and would not have to be loaded first."""
        return self._scheduler is not None and self._scheduler.is_resident

    @property
    def quick_tokens(self) -> int:
        """Prompt tokens that the model reads while a user waits; 0: any number."""
        return self._scheduler.quick_tokens if self._scheduler is not None else 0

    @property
    def reads_file_names(self) -> bool:
        """Whether the loaded model is told the file's name."""
        return self._manifest is not None and self._manifest.fim_header

    @property
    def is_ready(self) -> bool:
        """Whether a model is loaded."""
        return self._scheduler is not None and self._scheduler.is_ready

    async def reload_model(self) -> None:
        """Load the model that is used now: another was chosen, and no setting names one."""
        await self.configure(self.settings, is_other_model=True)

    async def configure(self, settings: Settings, *, is_other_model: bool = False) -> None:
        """Take the client's settings over and load the model they name. Failures are reported, once."""
        loads = is_other_model or self.needs_loading(settings)
        self.settings = settings
        for forget in self.on_configured:
            forget()
        if loads:
            self.saving = await self.find_saving()
            self._start_scheduler()
        if self.stand_in is not None:
            is_needed = self._manifest is not None and self._manifest.is_large
            await self.stand_in.configure(settings_of_stand_in(settings, is_needed=is_needed))
        self._configured.set()
        if self._of_actions is not None:
            await self._configure_actions(self._of_actions)
        if self._scheduler is not None:
            await self._wait_loaded(self._scheduler)

    def stop(self, *, keep: bool = False) -> None:
        """End the work. `keep`: what the next start can use is on disk when this returns, after a second at most."""
        self._end_scheduler(keep=keep)
        for other in (self.stand_in, self._of_actions):
            if other is not None:
                other.stop()

    # The requests under way

    async def find_refusal(self, snapshot: DocumentSnapshot) -> str | None:
        """Why nothing is suggested in a document, by its code. Waits for the settings, not for the model."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTINGS_TIMEOUT_S):
                await self._configured.wait()
        if not self.settings.enabled:
            return "off"
        if snapshot.language_id in self.settings.disabled_languages:
            return "language-off"
        return None if self.knows(snapshot.language_id) else "language-unknown"

    def supersede(self, method: str, uri: str) -> None:
        """Cancel the request of this kind that runs for this document; the current task takes its place.

        Neovim and Helix never cancel; the older request is answered at once, as cancelled.
        """
        key = (method, uri)
        if (older := self._under_way.pop(key, None)) is not None:
            older.cancel()
            if (flag := self._flags.get(older)) is not None:
                flag.set()  # before the current one comes to the scheduler, which needs the older one's cache
        if (task := asyncio.current_task()) is not None:
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))

    async def run(
        self,
        start: "Callable[[Engine, CancelFlag], Steps[T]]",
        priority: Priority,
        cancelled: CancelFlag | None = None,
    ) -> T:
        """See Scheduler.run. Raises SottoError where there is no model."""
        if self._scheduler is None:
            raise SottoError("No model is loaded; switch the setting sotto.enabled on.")
        if priority is not Priority.PREFETCH:
            for end in self.on_request:
                end()
        task = asyncio.current_task()
        flag = self._flags[task] = cancelled or CancelFlag()
        try:
            return await self._scheduler.run(start, priority, flag)
        finally:
            del self._flags[task]

    async def may_prefetch(self) -> bool:
        """Whether something may be computed before it is requested: as the settings say, and not on battery."""
        wanted = self.settings.look_ahead
        if self._scheduler is None or wanted == "off":
            return False
        return wanted == "on" or not await asyncio.to_thread(is_on_battery)

    async def find_saving(self) -> str:
        """Why the embedded model should answer now; "" where the one that was chosen should."""
        settings = self.settings
        if not settings.enabled or settings.saver == "off":
            return ""
        is_loaded = self.is_resident and not self.saving
        return await asyncio.to_thread(find_reason, self._chosen(settings), is_loaded=is_loaded)

    def _forget(self, key: tuple[str, str], done: "asyncio.Task[object]") -> None:
        if self._under_way.get(key) is done:
            del self._under_way[key]

    # Loading

    def _start_scheduler(self) -> None:
        """Begin to load the model that the settings name, in place of the one before."""
        self._end_scheduler()
        self.good_for = frozenset()
        self._manifest = None
        self._scheduler = None
        if self.settings.enabled:
            loading = ModelLoading(self._named(self.settings), self.settings, self.project, self._loads_when_used)
            with contextlib.suppress(SottoError):  # loading says it
                self._manifest = load_manifest(resolve_model(loading.named))
            self._scheduler = Scheduler(loading.make_loader(), loading.make_idle())
            self._scheduler.start()

    def _end_scheduler(self, *, keep: bool = False) -> None:
        """The stand-in's is left as it is: whether it goes on is for `configure` to say."""
        if self._scheduler is not None:
            self._scheduler.stop(keep=keep)
            self._scheduler.wait_ended()

    async def _wait_loaded(self, scheduler: Scheduler) -> None:
        try:
            manifest = await scheduler.wait_loaded()
        except SottoError as error:
            self.report_failure(str(error))
        except Exception as error:
            log.exception("loading failed")
            self.report_failure(f"The model could not be loaded ({error}); run `sotto doctor`.")
        else:
            if scheduler is self._scheduler:
                self.good_for = frozenset(manifest.good_for)
                self._manifest = manifest

    async def _configure_actions(self, own: "Session") -> None:
        own.project, own.metrics, own.on_request = self.project, self.metrics, self.on_request
        own.report_failure = self.report_failure
        await own.configure(settings_of_actions(self.settings))

    def _named(self, settings: Settings) -> Path | str | None:
        """The folder or name of the model that is loaded; None: the one that is used."""
        return EMBEDDED if self.saving else self._chosen(settings)

    def _chosen(self, settings: Settings) -> Path | str | None:
        """The same while nothing is saved."""
        return self._model_dir or settings.model or None
