"""The wheels that Sotto needs on another machine, brought by `pip download`.

pip answers the markers of requirements (`colorama; platform_system == 'Windows'`) for the machine it runs on, even
where it downloads for another one. So its answer is checked here, and pip runs again with what is lacking.
"""

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from sotto_engine.errors import SottoError
from sotto_lsp.commands.bundle.target import Target

_PIP = "pip>=24"
"""Travels with the rest: Debian's Python makes environments without it."""
_MAX_ROUNDS = 5
_NO_NETWORK = re.compile(r"NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Max retries exceeded")
_NO_WHEEL = re.compile(r"No matching distribution found for (.+)")


@dataclass(frozen=True)
class Needed:
    """`lacking`: requirements, as pip reads them, that none of the wheels satisfies."""

    wheels: list[Path]
    lacking: list[str]


def download_wheels(own: Path, target: Target, folder: Path, find_links: Sequence[str]) -> list[Path]:
    """Bring all that Sotto's wheel `own` needs there into `folder`; the wheels, with pip's and `own`.

    Raises SottoError for what cannot be had.
    """
    requirements = [_PIP, *needed_wheels("sotto-ls", [own], target).lacking]
    options = [f"--find-links={each}" for each in find_links]
    for _ in range(_MAX_ROUNDS):
        shutil.rmtree(folder, ignore_errors=True)
        run_pip(
            ["download", f"--dest={folder}", *options, *target.pip_options, *requirements],
            f"The wheels for {target} cannot be had",
        )
        needed = needed_wheels("sotto-ls", [own, *folder.glob("*.whl")], target)
        if not needed.lacking:
            return [*needed.wheels, *folder.glob("pip-*.whl")]
        requirements += needed.lacking
    raise SottoError(f"The wheels for {target} cannot be had: pip leaves out some of {', '.join(requirements)}.")


def needed_wheels(root: str, wheels: Iterable[Path], target: Target) -> Needed:
    """What `root` requires there, directly or not."""
    paths = {canonicalize_name(path.name.split("-")[0]): path for path in wheels}
    distributions = {name: _distribution(path) for name, path in paths.items()}
    environment = target.marker_environment()
    lacking: set[str] = set()
    done: set[tuple[NormalizedName, str]] = set()
    todo = [(canonicalize_name(root), "")]
    while todo:
        name, extra = todo.pop()
        if (name, extra) in done:
            continue
        done.add((name, extra))
        for line in distributions[name].requires or ():
            requirement = Requirement(line)
            if requirement.marker and not requirement.marker.evaluate({**environment, "extra": extra}):
                continue
            needed = canonicalize_name(requirement.name)
            found = distributions.get(needed)
            if found is None or not requirement.specifier.contains(found.version, prereleases=True):
                lacking.add(_without_marker(requirement))
            else:
                todo += [(needed, each) for each in ("", *requirement.extras)]
    return Needed(sorted({paths[name] for name, _ in done}), sorted(lacking))


def _distribution(wheel: Path) -> Distribution:
    """The wheel's metadata, read from the file."""
    name = wheel.name.split("-")
    return PathDistribution(zipfile.Path(wheel, f"{name[0]}-{name[1]}.dist-info/"))


def _without_marker(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


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
