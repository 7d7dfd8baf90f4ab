"""`sotto bundle OUT.tar` and `sotto bundle verify FILE`: what they print."""

from argparse import Namespace
from pathlib import Path

from sotto_lsp.commands.bundle.checking import BundleChecking
from sotto_lsp.commands.bundle.making import BundleMaking, Order
from sotto_lsp.commands.bundle.target import targets
from sotto_lsp.commands.progress_line import ProgressLine
from sotto_models.store import ModelStore


def bundle_command(arguments: Namespace) -> int:
    """Make or check a bundle. Raises SottoError."""
    if arguments.action == "verify":
        _verify(arguments.file)
    else:
        _make(arguments)
    return 0


def _make(arguments: Namespace) -> None:
    order = Order(
        targets(arguments.platform, arguments.python),
        arguments.model,
        arguments.wheel,
        arguments.vsix,
        arguments.find_links,
    )
    out: Path = arguments.file
    progress = ProgressLine()
    try:
        made = BundleMaking(ModelStore(), progress.show).make(out.absolute(), order)
    finally:
        progress.end()
    _say(f"{out}: Sotto {made.index.version}, {made.nbytes / 1e6:.0f} MB")
    _say(f"  for      {made.index.for_whom()}")
    _say(f"  models   {', '.join(['embedded', *made.index.models])}")
    _say(f"  editors  {', '.join(made.plugins) or 'none'}")
    if "vscode" not in made.plugins:
        _say("           VS Code's extension was not built: `make vsix`, or name it with --vsix")
    _say(f"  SHA-256  {made.sha256}")
    _say(f"There: tar -xf {out.name} && sh sotto-{made.index.version}/install.sh (Windows: install.ps1)")


def _verify(bundle: Path) -> None:
    progress = ProgressLine()
    try:
        index = BundleChecking(bundle, progress.show).check()
    finally:
        progress.end()
    _say(f"{bundle}: Sotto {index.version} for {index.for_whom()}; every file matches its checksum.")


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the command's output
