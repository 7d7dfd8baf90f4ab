"""What happens when no request is there: prompts are kept on disk, weights packed, the engine unloaded.

Knows no job and no thread: the scheduler says when it is quiet, and when that is over.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing the engine loads onnxruntime
    from sotto_engine.engine import Engine
    from sotto_engine.model_files.manifest import Manifest

log = logging.getLogger(__name__)

KEEP_AFTER_S = 60.0
"""Without a job for so long, what was computed is kept on disk for the next start."""
KEEP_AT_END_S = 0.8
"""For what has not been kept yet: an editor that closes waits for no more than a second or two."""


class Idle:
    """What is left to do for one scheduler's engine. Only the engine's thread calls it."""

    def __init__(
        self,
        unload_after_s: float | None = None,
        share_weights: "Callable[[Manifest], None] | None" = None,
    ) -> None:
        """`unload_after_s`: without a job for so long, the engine gives its memory back until it is needed.

        `share_weights`: called once for a large model, in the first quiet time; it must return at once.
        """
        self.unload_after_s = unload_after_s
        self._share_weights = share_weights
        self._manifest: Manifest | None = None
        self.has_unsaved = False
        """something was computed that is not on disk"""

    def loaded(self, manifest: "Manifest") -> None:
        """The engine is there for the first time."""
        self._manifest = manifest
        if self._share_weights is not None and not manifest.is_large:
            self._share_weights = None

    def engine_used(self, engine: "Engine") -> None:
        """A job begins."""
        self.has_unsaved = engine.store is not None

    @property
    def work_after_s(self) -> float | None:
        """Seconds without a job after which to call `work`; None where there is nothing to do."""
        if not self.has_unsaved and self._share_weights is None:
            return None
        return min(KEEP_AFTER_S, self.unload_after_s or KEEP_AFTER_S)

    def work(self, engine: "Engine | None", must_stop: Callable[[], bool]) -> None:
        """Keep prompts, then have the weights packed. What fails is logged and is no failure of the engine."""
        self.keep_prompts(engine, must_stop)
        share, self._share_weights = self._share_weights, None
        if share is None or self._manifest is None:
            return
        try:
            share(self._manifest)
        except Exception:
            log.exception("the model's weights could not be shared with other windows")

    def keep_prompts(self, engine: "Engine | None", must_stop: Callable[[], bool]) -> None:
        """Write the prompts to disk; what is left when it has to stop is written in the next quiet time."""
        if engine is None or not self.has_unsaved:
            return
        try:
            engine.keep_prompts(must_stop)
        except Exception:
            log.exception("prompts could not be kept for the next start")
        self.has_unsaved = must_stop()


def is_on_battery() -> bool:
    """False where there is no battery, or no way to know. The first call imports psutil: not for the event loop."""
    import psutil  # noqa: PLC0415 - 70 ms that a start need not wait for

    sensors_battery = getattr(psutil, "sensors_battery", None)  # missing on some platforms
    battery = sensors_battery() if sensors_battery is not None else None
    return battery is not None and battery.power_plugged is False
