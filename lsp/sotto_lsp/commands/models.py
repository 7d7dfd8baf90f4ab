"""`sotto models add | list | verify | use | remove`: the options, and what they print."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

import sotto_models
from sotto_engine.model_files.manifest import Manifest, load_manifest
from sotto_models.importing.progress_line import ProgressLine
from sotto_models.store import EMBEDDED, ModelStore


def add_models_arguments(parser: ArgumentParser) -> None:
    """The actions and their options."""
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    add = actions.add_parser("add", help="copy, check and prepare a model")
    add.add_argument("source", type=Path, metavar="DIR|FILE", help="an export's folder, its .onnx file, .tar or .zip")
    add.add_argument("--name", help="what to call it (default: its folder's name)")
    add.add_argument("--link", action="store_true", help="link to the files instead of copying them; no preparation")
    add.add_argument("--no-prepare", action="store_true", help="take the graph as it is")
    listing = actions.add_parser("list", help="the models that are there; * is the one in use")
    listing.add_argument("--json", action="store_true", help="the list as JSON")
    verify = actions.add_parser("verify", help="compare every file with its checksum")
    verify.add_argument("name", nargs="?", help="default: all")
    use = actions.add_parser("use", help="take this model where no other is named")
    use.add_argument("name", help=f"as `list` names it; {EMBEDDED}: the one that Sotto carries")
    remove = actions.add_parser("remove", help="delete a model's copy")
    remove.add_argument("name")


def models_command(arguments: Namespace) -> int:
    """Run one action; prints what it did. Raises SottoError."""
    store = ModelStore()
    match arguments.action:
        case "add":
            _add(store, arguments)
        case "list":
            _list(store, as_json=arguments.json)
        case "verify":
            _verify(store, arguments.name)
        case "use":
            store.use(arguments.name)
            _say(f"{arguments.name} is used from the next start on.")
        case _:
            store.remove(arguments.name)
            _say(f"{arguments.name} is removed.")
    return 0


def _add(store: ModelStore, arguments: Namespace) -> None:
    from sotto_models.importing.adding import ModelAdding  # noqa: PLC0415 - loads onnxruntime

    with ProgressLine() as progress:
        added = ModelAdding(store, progress.show).add(
            arguments.source, arguments.name, link=arguments.link, prepare=not arguments.no_prepare
        )
    name = added.manifest.name
    _say(f"{name}: {added.summarize()}")
    for step in added.steps:
        _say(f"  {step}")
    if added.manifest.licence == "unknown":
        _say("  its files name no licence; look it up before you use it")
    _say(f"`sotto models use {name}` makes it the one in use.")


def _list(store: ModelStore, *, as_json: bool) -> None:
    used = store.used()
    rows = [(EMBEDDED, load_manifest(sotto_models.embedded_model_dir()))]
    rows += [(name, store.manifest(name)) for name in store.names()]
    if as_json:
        _say(json.dumps([_row(name, manifest, is_used=name == used) for name, manifest in rows], indent=2))
        return
    for name, manifest in rows:
        _say(f"{'*' if name == used else ' '} {name:32} {_summary(manifest)}")
    _say(f"in {store.root}")


def _row(name: str, manifest: Manifest, *, is_used: bool) -> dict[str, object]:
    return {
        "name": name,
        "used": is_used,
        "folder": str(manifest.directory),
        "nbytes": manifest.nbytes,
        "summary": " ".join(_summary(manifest).split()),
    }


def _summary(manifest: Manifest) -> str:
    kind = "instruct" if manifest.is_instruct else "base"
    return f"{manifest.nbytes / 1e6:6.0f} MB  {manifest.model_type or 'unknown'}, {kind}, {manifest.licence}"


def _verify(store: ModelStore, name: str | None) -> None:
    for each in [name] if name else store.names():
        store.manifest(each).verify()
        _say(f"{each}: every file matches its checksum")


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the command's output
