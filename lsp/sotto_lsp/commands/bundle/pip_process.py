"""pip, run as a process of its own; what goes wrong becomes a sentence."""

import re
import subprocess
import sys
from collections.abc import Sequence

from sotto_engine.errors import SottoError

_NO_NETWORK = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Max retries exceeded"
)
_NO_WHEEL = re.compile(r"No matching distribution found for (.+)")


def require_pip() -> None:
    """Raises SottoError where this Python has no pip."""
    try:
        _pip("--version")
    except subprocess.CalledProcessError as error:
        raise SottoError(
            f"Making a bundle needs pip, which {sys.executable} does not have; install it "
            f"(`{sys.executable} -m ensurepip`, or `uv pip install pip`)."
        ) from error


def run_pip(arguments: Sequence[str], goal: str) -> None:
    """Run pip, with the user's settings for it. Raises SottoError; `goal` begins its sentence."""
    try:
        _pip(*arguments)
    except subprocess.CalledProcessError as error:
        raise SottoError(f"{goal}: {_reason(error.stderr + error.stdout)}.") from error


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments]
    subprocess.run(command, check=True, capture_output=True, encoding="utf-8", errors="replace")


def _reason(output: str) -> str:
    if "No space left on device" in output:
        return "the disk is full; make room and try again"
    if _NO_NETWORK.search(output):
        return (
            "pip reaches no package index; run this on a connected machine, "
            "or give wheels with --find-links DIR and set PIP_NO_INDEX=1"
        )
    if found := _NO_WHEEL.search(output):
        return (
            f"pip finds no wheel of {found[1].strip()} that fits; choose another --python or --platform, "
            "or give the wheel with --find-links"
        )
    lines = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    return (lines[-1] if lines else "pip fails without saying why").rstrip(".")
