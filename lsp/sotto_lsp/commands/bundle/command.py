"""`sotto bundle OUT.tar` and `sotto bundle verify FILE`: the options, and what they print."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from sotto_lsp.commands.bundle.target import PLATFORMS, targets
from sotto_models.importing.progress_line import ProgressLine
from sotto_models.store import ModelStore


def add_bundle_arguments(parser: ArgumentParser) -> None:
    """`sotto bundle OUT.tar` and `sotto bundle verify FILE`."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=("verify",),
        metavar="verify",
        help="check a bundle that was carried, instead of making one",
    )
    parser.add_argument("file", type=Path, metavar="FILE.tar", help="the bundle")
    parser.add_argument(
        "--platform",
        action="append",
        choices=tuple(PLATFORMS),
        metavar="NAME",
        help=f"a machine it is for: {', '.join(PLATFORMS)}; repeatable (default: this one)",
    )
    parser.add_argument(
        "--python",
        action="append",
        metavar="3.N",
        help="a Python there; repeatable (default: the one that runs this)",
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="NAME",
        help="one of your models (`sotto models list`); repeatable; the embedded one is always there",
    )
    parser.add_argument("--vsix", type=Path, metavar="FILE", help="the VS Code extension (`make vsix`)")
    parser.add_argument("--wheel", type=Path, metavar="FILE", help="Sotto's wheel, instead of this Sotto")
    parser.add_argument(
        "--find-links",
        action="append",
        default=[],
        metavar="DIR|URL",
        help="look for wheels there too, as pip does; repeatable",
    )


def bundle_command(arguments: Namespace) -> int:
    """Make or check a bundle. Raises SottoError."""
    if arguments.action == "verify":
        _verify(arguments.file)
    else:
        _make(arguments)
    return 0


def _make(arguments: Namespace) -> None:
    from sotto_lsp.commands.bundle.making import BundleMaking, Order  # noqa: PLC0415

    order = Order(
        targets(arguments.platform, arguments.python),
        arguments.model,
        arguments.wheel,
        arguments.vsix,
        arguments.find_links,
    )
    out: Path = arguments.file
    with ProgressLine() as progress:
        made = BundleMaking(ModelStore(), progress.show).make(out.absolute(), order)
    _say(f"{out}: Sotto {made.index.version}, {made.nbytes / 1e6:.0f} MB")
    _say(f"  for      {made.index.for_whom()}")
    _say(f"  models   {', '.join(['embedded', *made.index.models])}")
    _say(f"  editors  {', '.join(made.plugins) or 'none'}")
    if "vscode" not in made.plugins:
        _say("           VS Code's extension was not built: `make vsix`, or name it with --vsix")
    _say(f"  SHA-256  {made.sha256}")
    _say(f"There: tar -xf {out.name} && sh sotto-{made.index.version}/install.sh (Windows: install.ps1)")


def _verify(bundle: Path) -> None:
    from sotto_lsp.commands.bundle.checking import BundleChecking  # noqa: PLC0415

    with ProgressLine() as progress:
        index = BundleChecking(bundle, progress.show).check()
    _say(f"{bundle}: Sotto {index.version} for {index.for_whom()}; every file matches its checksum.")


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the command's output
