"""Joules that the processor has used, by Intel's and AMD's RAPL counters (Linux), one a package."""

from dataclasses import dataclass, field
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


@dataclass
class EnergyMeter:
    """Counts from when it was made; of the whole machine, so nothing else should run."""

    root: Path = POWERCAP
    _start: dict[Path, int] = field(init=False)

    def __post_init__(self) -> None:
        self._start = self._read()

    def joules(self) -> float | None:
        """Since the start; None where no counter can be read (no RAPL, a virtual machine, or for root only)."""
        now = self._read()
        if not self._start or now.keys() != self._start.keys():
            return None
        # A counter that is full begins again at 0.
        return (
            sum((now[at] - start) % (_number(at / "max_energy_range_uj") + 1) for at, start in self._start.items())
            / 1e6
        )

    def _read(self) -> dict[Path, int]:
        try:
            # intel-rapl:0 is a package, intel-rapl:0:0 a part of it.
            return {
                at: _number(at / "energy_uj") for at in self.root.glob("intel-rapl:[0-9]*") if at.name.count(":") == 1
            }
        except OSError:
            return {}


def _number(path: Path) -> int:
    return int(path.read_text())
