"""Machines and Pythons that a bundle can be for: pip's tags, and what the markers of requirements ask about.

Runs on the machine that installs, too: standard library only.
"""

import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from sotto_engine.errors import SottoError

_OLDEST_PYTHON = 11


def _linux(machine: str) -> tuple[str, ...]:
    """glibc 2.28 and older: Debian 10, RHEL 8, Ubuntu 20.04. pip 23 does not know that newer takes older."""
    return (*(f"manylinux_2_{minor}_{machine}" for minor in range(28, 16, -1)), f"manylinux2014_{machine}")


PLATFORMS = {
    "linux-x86_64": _linux("x86_64"),
    "linux-aarch64": _linux("aarch64"),
    "macos-arm64": ("macosx_14_0_arm64",),
    "windows-x86_64": ("win_amd64",),
    "windows-arm64": ("win_arm64",),
}
"""Where onnxruntime has wheels; of each the tags that pip is to accept, the best first."""
_SYSTEMS = {
    "linux": {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
    "macos": {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"},
    "windows": {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"},
}
_MACHINES = {("windows", "x86_64"): "AMD64", ("windows", "arm64"): "ARM64"}


@dataclass(frozen=True, order=True)
class Target:
    """A machine that a bundle is for."""

    platform: str
    """A key of PLATFORMS."""
    python: str
    """3.N"""

    def __str__(self) -> str:
        return f"Python {self.python} on {self.platform}"

    @property
    def pip_options(self) -> list[str]:
        """Makes `pip download` choose what fits there, not here."""
        tags = [f"--platform={tag}" for tag in PLATFORMS[self.platform]]
        return ["--only-binary=:all:", "--implementation=cp", f"--python-version={self.python}", *tags]

    def marker_environment(self) -> dict[str, str]:
        """What a marker such as `sys_platform == 'win32'` is to be compared with."""
        system, machine = self.platform.split("-")
        return {
            **_SYSTEMS[system],
            "platform_machine": _MACHINES.get((system, machine), machine),
            "platform_release": "",
            "platform_version": "",
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "platform_python_implementation": "CPython",
        }

    @classmethod
    def here(cls) -> Self:
        """This machine and this Python. Raises SottoError where no bundle can be for them."""
        return cls(this_platform(), this_python())


def targets(platforms: Sequence[str] | None, pythons: Sequence[str] | None) -> list[Target]:
    """Every platform with every Python, sorted; this one's where none is named. Raises SottoError."""
    for python in pythons or ():
        found = re.fullmatch(r"3\.(\d+)", python)
        if not found or int(found[1]) < _OLDEST_PYTHON:
            raise SottoError(f"--python {python}: Sotto runs on Python 3.{_OLDEST_PYTHON} and newer; write 3.12.")
    names = platforms or [this_platform()]
    return sorted({Target(name, python) for name in names for python in pythons or [this_python()]})


def this_python() -> str:
    return f"3.{sys.version_info.minor}"


def this_platform() -> str:
    """A key of PLATFORMS. Raises SottoError."""
    system = {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    if machine in ("amd64", "arm64"):
        machine = "x86_64" if machine == "amd64" else "aarch64" if system == "linux" else "arm64"
    name = f"{system}-{machine}"
    if system == "linux" and platform.libc_ver()[0] != "glibc":
        name += " without glibc"
    if name not in PLATFORMS or sys.implementation.name != "cpython":
        raise SottoError(
            f"This is {sys.implementation.name} on {name}; bundles are for CPython on {', '.join(PLATFORMS)}."
        )
    return name
