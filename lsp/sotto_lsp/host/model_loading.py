"""How a session's model is loaded: with which settings, and at once or when it is first needed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sotto_lsp.host.idle import Idle
from sotto_lsp.settings import Settings
from sotto_models.store import resolve_model

if TYPE_CHECKING:  # importing the engine loads onnxruntime
    from sotto_engine.engine import Engine
    from sotto_engine.model_files.manifest import Manifest

_STAND_IN_CACHE_MEGABYTES = 64
_ACTIONS_UNLOAD_MINUTES = 5


@dataclass(frozen=True)
class ModelLoading:
    """named: the model's folder or name; None: the one that is used. project: see `WarmStart`.

    when_used: the engine is loaded for the first job; before that its manifest is all that is read.
    """

    named: Path | str | None
    settings: Settings
    project: str = ""
    when_used: bool = False

    def make_loader(self) -> "Callable[[], tuple[Engine | None, Manifest]]":
        """What the scheduler calls, at its start and whenever it has no engine."""
        is_first = True

        def load() -> "tuple[Engine | None, Manifest]":
            nonlocal is_first
            is_first, only_manifest = False, self.when_used and is_first
            return self._describe() if only_manifest else self._load()

        return load

    def make_idle(self) -> Idle:
        """What is done when nothing is asked. Nothing is packed of a model that is seldom used."""
        shares = self.settings.share_weights and not self.when_used
        return Idle(self.settings.unload_minutes * 60 or None, _share_weights if shares else None)

    def _load(self) -> "tuple[Engine, Manifest]":
        from sotto_engine.cache.cache_store import WarmStart  # noqa: PLC0415 - loads onnxruntime
        from sotto_engine.loading import ModelOptions, load_engine  # noqa: PLC0415

        settings = self.settings
        return load_engine(
            resolve_model(self.named),
            ModelOptions(
                settings.fim_family or None, settings.fim_order or None, settings.threads, settings.share_weights
            ),
            cache_nbytes=settings.cache_megabytes << 20,
            warm_start=WarmStart(settings.warm_start, self.project),
        )

    def _describe(self) -> "tuple[None, Manifest]":
        from sotto_engine.loading import describe_uses  # noqa: PLC0415 - loads onnxruntime

        return None, describe_uses(resolve_model(self.named))


def engine_settings(settings: Settings) -> tuple[object, ...]:
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
        settings.saver,
    )


def settings_of_stand_in(settings: Settings, *, is_needed: bool) -> Settings:
    """The embedded model's beside a larger one; it loads nothing where it is not needed or not wanted."""
    enabled = settings.enabled and settings.stand_in and is_needed
    own = {"model": "", "fim_family": "", "fim_order": "", "saver": "off"}
    return replace(settings, **own, cache_megabytes=_STAND_IN_CACHE_MEGABYTES, enabled=enabled)


def settings_of_actions(settings: Settings) -> Settings:
    """Those of the model that `actionsModel` names: its memory is given back soon."""
    own = {"model": settings.actions_model, "fim_family": "", "fim_order": "", "saver": "off"}
    minutes = min(_ACTIONS_UNLOAD_MINUTES, settings.unload_minutes or _ACTIONS_UNLOAD_MINUTES)
    return replace(settings, **own, unload_minutes=minutes, enabled=settings.enabled and bool(settings.actions_model))


def _share_weights(manifest: "Manifest") -> None:
    """On the engine's thread."""
    from sotto_engine.model.packing import share_weights  # noqa: PLC0415 - loads onnxruntime

    share_weights(manifest)
