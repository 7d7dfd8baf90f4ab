"""The actions of `sotto models` and their options, without what it takes to carry them out."""

from argparse import ArgumentParser
from pathlib import Path

from sotto_models.store import EMBEDDED


def add_model_actions(parser: ArgumentParser) -> None:
    """The actions and their options."""
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    add = actions.add_parser("add", help="copy, check and prepare a model")
    add.add_argument(
        "source", type=Path, metavar="DIR|FILE", help="an export's folder, its .onnx file, .tar or .zip"
    )
    add.add_argument("--name", help="what to call it (default: its folder's name)")
    add.add_argument(
        "--link", action="store_true", help="link to the files instead of copying them; no preparation"
    )
    add.add_argument("--no-prepare", action="store_true", help="take the graph as it is")
    listing = actions.add_parser("list", help="the models that are there; * is the one in use")
    listing.add_argument("--json", action="store_true", help="the list as JSON")
    verify = actions.add_parser("verify", help="compare every file with its checksum")
    verify.add_argument("name", nargs="?", help="default: all")
    use = actions.add_parser("use", help="take this model where no other is named")
    use.add_argument("name", help=f"as `list` says it; {EMBEDDED}: the one that Sotto carries")
    remove = actions.add_parser("remove", help="delete a model's copy")
    remove.add_argument("name")
