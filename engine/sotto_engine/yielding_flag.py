"""The cancel flag of work that can wait: between two of its passes, more urgent work goes first."""

from collections.abc import Callable

from sotto_engine.cancel import CancelFlag


class YieldingFlag(CancelFlag):
    """A completion under this flag gives way wherever it looks whether to go on: between prefill slices and decode
    steps.

    `give_way` runs in the thread that runs the model. It may use the same engine: the completion's cache is taken
    out of the PrefixCache, so both keep their rows.
    """

    def __init__(self, give_way: Callable[[], None]) -> None:
        super().__init__()
        self._give_way = give_way

    def is_set(self) -> bool:
        if not super().is_set():
            self._give_way()
        return super().is_set()
