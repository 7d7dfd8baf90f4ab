"""`sotto bundle OUT.tar`: what a machine without a network needs, gathered and written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from sotto_engine.errors import SottoError, first_line
from sotto_engine.model_files.manifest import MANIFEST_NAME
from sotto_lsp.commands.bundle.bundle_index import INDEX_NAME, BundleIndex
from sotto_lsp.commands.bundle.own_files import find_plugins, make_own_wheel
from sotto_lsp.commands.bundle.tar_writing import Member, TarWriting
from sotto_lsp.commands.bundle.target import Target
from sotto_lsp.commands.bundle.wheels import download_wheels, require_pip
from sotto_models.store import ModelStore


@dataclass(frozen=True)
class Order:
    """What is to be in the bundle."""

    targets: Sequence[Target]
    models: Sequence[str] = ()
    wheel: Path | None = None
    vsix: Path | None = None
    find_links: Sequence[str] = ()


@dataclass(frozen=True)
class Made:
    """`plugins`: the editors that the bundle has something for."""

    index: BundleIndex
    plugins: tuple[str, ...]
    nbytes: int
    sha256: str


class BundleMaking:
    """One run. `on_step` gets what is being done and the share of it that is (None: not known)."""

    def __init__(self, store: ModelStore, on_step: Callable[[str, float | None], None]) -> None:
        self._store = store
        self._on_step = on_step

    def make(self, out: Path, order: Order) -> Made:
        """Raises SottoError; nothing is left at `out` then that was not there before."""
        if out.suffix != ".tar" or out.is_dir() or not out.parent.is_dir():
            raise SottoError(
                f"A bundle cannot be written to {out}; name a file in a folder that is there, as in sotto.tar."
            )
        require_pip()
        members = self._models(order.models)
        try:
            with TemporaryDirectory(prefix=".sotto-bundle-", dir=out.parent) as work:
                return self._write(out, order, members, Path(work))
        except OSError as error:
            why = error.strerror or first_line(error)
            raise SottoError(f"The bundle cannot be written ({why}); make room, or name a file elsewhere.") from error

    def _write(self, out: Path, order: Order, members: list[Member], work: Path) -> Made:
        self._on_step("Sotto's wheel", None)
        own = make_own_wheel(work, order.wheel, order.find_links)
        version = own.name.split("-")[1]
        plugins = find_plugins(order.vsix, version)
        members += [Member(f"editors/{name}", path) for name, path in plugins.items()]
        wheels: dict[str, Path] = {}
        chosen: dict[Target, tuple[str, ...]] = {}
        for number, target in enumerate(order.targets):
            self._on_step(f"wheels for {target}", number / len(order.targets) if number else None)
            paths = download_wheels(own, target, work / str(number), order.find_links)
            chosen[target] = tuple(sorted(path.name for path in paths))
            wheels |= {path.name: path for path in paths}
        members += [Member(f"wheels/{name}", path) for name, path in wheels.items()]
        index = BundleIndex(version, chosen, tuple(order.models))
        members.append(Member(INDEX_NAME, index.as_json().encode()))
        members += _scripts(index, own.name)
        digest = TarWriting(self._on_step).write(out, f"sotto-{version}", members)
        editors = sorted({name.split("/")[0] for name in plugins})
        return Made(index, tuple(editors), out.stat().st_size, digest)

    def _models(self, names: Sequence[str]) -> list[Member]:
        members: list[Member] = []
        for name in dict.fromkeys(names):
            self._on_step(f"checking {name}", None)
            manifest = self._store.manifest(name)
            manifest.verify()
            files = [MANIFEST_NAME, *(file.name for file in manifest.files)]
            members += [Member(f"models/{name}/{file}", manifest.directory / file) for file in files]
        return members


def _scripts(index: BundleIndex, own_wheel: str) -> list[Member]:
    """install.sh and install.ps1, with the wheel they start from and the Pythons that suit."""
    members: list[Member] = []
    for name, mode, quoted in (("install.sh", 0o755, "{}"), ("install.ps1", 0o644, '"{}"')):
        text = (resources.files("sotto_lsp.commands.bundle") / name).read_text(encoding="utf-8")
        pythons = sorted({target.python for target in index.wheels}, key=lambda each: int(each[2:]))
        separator = " " if name == "install.sh" else ", "
        text = text.replace("@PYTHONS@", separator.join(quoted.format(each) for each in pythons))
        text = text.replace("@WHEEL@", own_wheel)
        members.append(Member(name, text.encode(), mode))
    return members
