"""`sotto models find | get | add | list | verify | use | remove`: the options, and what they print."""

import json
import shlex
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Self

import sotto_models
from sotto_engine.errors import SottoError
from sotto_engine.model_files.manifest import Manifest, load_manifest
from sotto_models.importing.progress_line import ProgressLine
from sotto_models.store import EMBEDDED, ModelStore

if TYPE_CHECKING:
    from sotto_models.importing.adding import Added


def add_models_arguments(parser: ArgumentParser) -> None:
    """The actions and their options."""
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    find = actions.add_parser("find", help="models that other programs have put on this machine, and what they cost")
    find.add_argument("--json", action="store_true", help="the list as JSON")
    get = actions.add_parser("get", help="fetch a model of the catalogue; uses the network; without a name: lists it")
    get.add_argument("name", nargs="?", metavar="NAME")
    get.add_argument("--json", action="store_true", help="what is being done, a line of JSON each, for programs")
    add = actions.add_parser("add", help="copy, check and prepare a model")
    add.add_argument(
        "source",
        metavar="DIR|FILE|ollama:NAME",
        help="a .gguf file, a folder of safetensors or of an ONNX export, its .onnx file, a .tar or .zip of it",
    )
    add.add_argument("--name", help="what to call it (default: its folder's name)")
    add.add_argument("--json", action="store_true", help="what is being done, a line of JSON each, for programs")
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
        case "find":
            _find(as_json=arguments.json)
        case "get":
            _get(store, arguments.name, as_json=arguments.json)
        case "list":
            _list(store, as_json=arguments.json)
        case "verify":
            _verify(store, arguments.name)
        case "use":
            store.use(arguments.name)
            _say(f"{arguments.name} is used from now on; open editors take it up with the next key.")
        case _:
            store.remove(arguments.name)
            _say(f"{arguments.name} is removed.")
    return 0


def _find(*, as_json: bool) -> None:
    from sotto_models.fetching.finding import find_models  # noqa: PLC0415 - reads weights, which are an extra

    found = list(find_models())
    if as_json:
        costs = [{"memory_nbytes": each.memory_nbytes, "key_ms": round(each.key_ms)} for each in found]
        rows = [{**asdict(each), **cost} for each, cost in zip(found, costs, strict=True)]
        _say(json.dumps(rows, indent=2))
        return
    for each in found:
        kind = "instruct" if each.is_instruct else "base"
        fills_in = "fills in" if each.fills_in else "fills in nothing"
        _say(f"{each.name}  ({each.place}, {each.nbytes / 1e6:.0f} MB)")
        if each.problem:
            _say(f"    {each.problem}")
            continue
        _say(f"    {each.architecture}, {kind}, {fills_in}, licence {each.licence or 'not named'}")
        _say(f"    about {each.memory_nbytes / 1e6:.0f} MB of memory and {each.key_ms:.0f} ms for an answer here")
        _say(f"    sotto models add {shlex.quote(each.source)}")
    if not found:
        _say("No models were found on this machine; `sotto models get` lists those that can be fetched.")


def _get(store: ModelStore, name: str | None, *, as_json: bool) -> None:
    from sotto_models.fetching.catalogue import find_entry, read_catalogue  # noqa: PLC0415
    from sotto_models.fetching.getting import download_folder, fetch  # noqa: PLC0415

    if name is None:
        for entry in read_catalogue().values():
            _say(f"{entry.name:32} {entry.about}; {entry.licence}")
        return
    entry = find_entry(name)
    if entry.name in store.names():
        raise SottoError(f"{entry.name} is there already; `sotto models use {entry.name}` makes it the one in use.")
    if not as_json:
        _say(f"{entry.name}: {entry.about}. Licence: {entry.licence}.")
    with _progress(as_json=as_json) as progress:
        source = fetch(entry, progress.show)
        added = _run_adding(store, progress.show, source, entry.name)
    shutil.rmtree(download_folder(entry), ignore_errors=True)
    if not as_json:
        _tell(added, entry.licence)


def _add(store: ModelStore, arguments: Namespace) -> None:
    named: str = arguments.source
    source, name = Path(named), arguments.name
    if named.startswith("ollama:"):
        from sotto_models.fetching.ollama import find_ollama  # noqa: PLC0415

        model = find_ollama(named)
        source, name = model.path, name or model.name.replace(":", "-").replace("/", "-")
    with _progress(as_json=arguments.json) as progress:
        options = {"link": arguments.link, "prepare": not arguments.no_prepare}
        added = _run_adding(store, progress.show, source, name, **options)
    if not arguments.json:
        _tell(added, added.manifest.licence)


def _run_adding(
    store: ModelStore,
    on_step: Callable[[str, float | None], None],
    source: Path,
    name: str | None,
    **options: bool,
) -> "Added":
    from sotto_models.importing.adding import ModelAdding  # noqa: PLC0415 - loads onnxruntime

    return ModelAdding(store, on_step).add(source, name, **options)


def _progress(*, as_json: bool) -> "ProgressLine | _JsonLines":
    return _JsonLines() if as_json else ProgressLine()


class _JsonLines:
    """Progress for programs: `{"step": …, "share": …}`, a line each time that a hundredth more is done."""

    def __init__(self) -> None:
        self._last: tuple[str, int | None] = ("", None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, step: str, share: float | None) -> None:
        now = (step, None if share is None else int(100 * share))
        if now != self._last:
            self._last = now
            print(json.dumps({"step": step, "share": share}), flush=True)  # noqa: T201 - the command's output


def _tell(added: "Added", licence: str) -> None:
    name = added.manifest.name
    _say(f"{name}: {added.summarize()}")
    for step in added.steps:
        _say(f"  {step}")
    if licence == "unknown":
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
