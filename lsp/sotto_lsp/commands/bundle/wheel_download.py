"""The wheels that Sotto needs on another machine, brought by `pip download`."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from sotto_engine.errors import SottoError
from sotto_lsp.commands.bundle.pip_process import run_pip
from sotto_lsp.commands.bundle.requirements import needed_wheels
from sotto_lsp.commands.bundle.target import Target

_PIP = "pip>=24"
"""Travels with the rest: Debian's Python makes environments without it."""
_MAX_ROUNDS = 5


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
    raise SottoError(
        f"The wheels for {target} cannot be had: pip leaves out some of {', '.join(requirements)}."
    )
