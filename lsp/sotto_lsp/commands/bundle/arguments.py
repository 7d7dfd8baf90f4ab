"""The options of `sotto bundle`, without what it takes to carry them out."""

from argparse import ArgumentParser
from pathlib import Path

from sotto_lsp.commands.bundle.target import PLATFORMS


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
