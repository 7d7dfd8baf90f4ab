"""`sotto models add`: from an export, a folder of ours or an archive to a checked model in the store."""

import dataclasses
import errno
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sotto_engine.errors import SottoError, first_line
from sotto_engine.model.onnx_model import Model
from sotto_engine.model_files.export_folder import describe_model
from sotto_engine.model_files.manifest import MANIFEST_NAME, Manifest, ModelFile, has_manifest, load_manifest
from sotto_engine.prompt.chat import CONFIG_NAME, TEMPLATE_NAME
from sotto_models.importing.archive import is_archive, unpack, unpacked_nbytes
from sotto_models.importing.checksums import verify_checksums
from sotto_models.importing.comparison import Comparison, compare_models
from sotto_models.store import ModelStore

MAX_LOGITS_ERROR = 0.1
"""|prepared - source| / |source|. Rounding to 8 bits costs 0.006 (trained) to 0.03 (random weights); a graph that
computes something else gives about 1."""
MAX_RECURRENT_ERROR = 0.3
"""The same for recurrent states, in which rounding grows: up to 0.2 on toy models with random weights."""
_KEPT = ("tokenizer.json", TEMPLATE_NAME, CONFIG_NAME)
"""What goes with a prepared graph as it is."""
_CHUNK_NBYTES = 8 << 20


@dataclass(frozen=True)
class Added:
    """`comparison` and `steps` are of the preparation, if there was one."""

    manifest: Manifest
    source_nbytes: int
    steps: tuple[str, ...] = ()
    comparison: Comparison | None = None

    def summarize(self) -> str:
        """One line: what was gained, or that nothing was changed."""
        if self.comparison is None:
            return f"{self.manifest.nbytes / 1e6:.0f} MB, {', '.join(self.steps) or 'unchanged'}"
        before, after = self.comparison.decode_rates
        text = "the same greedy text" if self.comparison.same_text else "greedy text that differs in places"
        sizes = f"{self.source_nbytes / 1e6:.0f} -> {self.manifest.nbytes / 1e6:.0f} MB"
        return f"{before:.0f} -> {after:.0f} tok/s, {sizes}, logits within {self.comparison.logits_error:.1g}, {text}"


class ModelAdding:
    """One run of `add`. `on_step` gets what is being done and the share of it that is (None: not known)."""

    def __init__(self, store: ModelStore, on_step: Callable[[str, float | None], None]) -> None:
        self._store = store
        self._on_step = on_step

    def add(self, source: Path, name: str | None, *, link: bool = False, prepare: bool = True) -> Added:
        """Raises SottoError for all that is not a whole, unharmed and usable model; the store is then unchanged."""
        if not source.exists():
            raise SottoError(f"There is no {source}; give the folder or file of an exported model.")
        name = name or _default_name(source)
        folder = self._store.new_folder(name)
        try:
            added = self._fill(source, folder, name, link=link, prepare=prepare)
            self._store.finish(folder, name)
        except OSError as error:
            what_to_do = (
                "make room there, or name another folder in SOTTO_MODELS"
                if error.errno == errno.ENOSPC
                else "look at the rights and files there"
            )
            raise SottoError(
                f"{name} cannot be copied to {self._store.root} ({first_line(error)}); {what_to_do}."
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return added

    def _fill(self, source: Path, folder: Path, name: str, *, link: bool, prepare: bool) -> Added:
        unpacked = folder / "unpacked"
        if is_archive(source):
            # unpacked, it lies next to the copy that is made of it
            _refuse_without_space(name, 2 * unpacked_nbytes(source), folder)
            self._on_step("unpacking", None)
            unpacked.mkdir()
            source = unpack(source, unpacked)
        if is_weights(source):
            return self._build(source, folder, name)
        graph = None
        if source.is_file():
            source, graph = _split(source)
        manifest = dataclasses.replace(self._describe(source, graph), name=name)
        _refuse_links_outside(source, manifest)
        _refuse_without_space(name, 0 if link else manifest.nbytes, folder)
        was_ours = has_manifest(source)
        is_prepared = prepare and not link and not was_ours
        if is_prepared:
            added = self._prepare(source, manifest, folder)
        else:
            for file in manifest.files:
                self._bring(source / file.name, folder / file.name, link=link)
            added = Added(manifest, manifest.nbytes)
        shutil.rmtree(unpacked, ignore_errors=True)
        return self._finish(folder, added, is_run=is_prepared)

    def _build(self, source: Path, folder: Path, name: str) -> Added:
        """From weights that are no graph: see building.py."""
        try:
            from sotto_models.importing.building import build_folder  # noqa: PLC0415 - extras
            from sotto_models.weights.opening import open_weights  # noqa: PLC0415
        except ImportError as error:
            raise SottoError(
                "Adding weights needs the packages onnx and gguf: pip install 'sotto-ls[prepare]'."
            ) from error
        self._on_step("checking", None)
        weights = open_weights(source)
        steps = build_folder(weights, folder, self._on_step)
        manifest = describe_model(folder)
        description = f"{weights.facts.name}, made by Sotto from {source.name}"
        added = Added(dataclasses.replace(manifest, name=name, description=description), weights.nbytes, (steps,))
        final = self._finish(folder, added, is_run=False)
        if "inline-completion" in final.manifest.good_for:
            manifest = self._calibrate(folder)
            (folder / MANIFEST_NAME).write_text(manifest.as_json(), encoding="utf-8")
            final = dataclasses.replace(final, manifest=manifest)
        return final

    def _calibrate(self, folder: Path) -> Manifest:
        from sotto_engine.loading import load_engine  # noqa: PLC0415 - loads onnxruntime
        from sotto_models.importing.calibrating import calibrate  # noqa: PLC0415

        self._on_step("calibrating", None)
        engine, _ = load_engine(folder, remembers=False)
        return calibrate(engine, load_manifest(folder), self._on_step)

    def _finish(self, folder: Path, added: Added, *, is_run: bool) -> Added:
        final = dataclasses.replace(added.manifest, directory=folder, files=self._hashed(folder, added.manifest))
        if not is_run:
            # refuses what cannot be run
            Model(folder / final.graph, final.context_length, head_dim=final.head_dim)
        (folder / MANIFEST_NAME).write_text(final.as_json(), encoding="utf-8")
        return dataclasses.replace(added, manifest=final)

    def _describe(self, source: Path, graph: str | None) -> Manifest:
        self._on_step("checking", None)
        verify_checksums(source)
        manifest = describe_model(source, graph)
        manifest.verify()
        return manifest

    def _prepare(self, source: Path, manifest: Manifest, folder: Path) -> Added:
        try:
            from sotto_models.preparing.prepare import prepare_graph  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise SottoError(
                "Preparing a model needs the package onnx: pip install 'sotto-ls[prepare]', or give --no-prepare."
            ) from error
        try:
            prepared = prepare_graph(
                source / manifest.graph, folder, manifest.head_dim, lambda step: self._on_step(step, None)
            )
        except OSError:
            raise  # a full disk
        except ValueError as error:
            raise SottoError(
                f"{source / manifest.graph} is refused: {error}; copy the whole export again."
            ) from error
        except Exception as error:  # onnx and protobuf raise types of their own for broken files
            raise SottoError(
                f"{source / manifest.graph} cannot be read as ONNX ({first_line(error)}); copy it again."
            ) from error
        kept = [file.name for file in manifest.files if Path(file.name).name in _KEPT]
        for each in kept:
            self._bring(source / each, folder / each, link=False)
        self._on_step("measuring", None)
        arguments = (manifest.context_length, 0, manifest.head_dim)
        before = Model(source / manifest.graph, *arguments)
        comparison = compare_models(before, Model(prepared.graph, *arguments))
        allowed = MAX_RECURRENT_ERROR if before.traits.state_nbytes else MAX_LOGITS_ERROR
        if comparison.logits_error > allowed:
            raise SottoError(
                f"Prepared, {manifest.name} computes something else (logits differ by "
                f"{comparison.logits_error:.1g}); add it with --no-prepare."
            )
        names = (*prepared.files, *kept)
        done = dataclasses.replace(
            manifest, graph=prepared.graph.name, files=tuple(ModelFile(each, "", 0) for each in names)
        )
        return Added(done, manifest.nbytes, prepared.steps, comparison)

    def _bring(self, source: Path, target: Path, *, link: bool) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if link:
            target.symlink_to(source.resolve())
            return
        nbytes, num_copied = max(1, source.stat().st_size), 0
        with source.open("rb") as reader, target.open("wb") as writer:
            while chunk := reader.read(_CHUNK_NBYTES):
                writer.write(chunk)
                num_copied += len(chunk)
                self._on_step(f"copying {source.name}", num_copied / nbytes)

    def _hashed(self, folder: Path, manifest: Manifest) -> tuple[ModelFile, ...]:
        files: list[ModelFile] = []
        for number, file in enumerate(manifest.files):
            self._on_step("checksums", number / len(manifest.files))
            files.append(ModelFile.of(folder, file.name))
        return tuple(files)


def is_weights(source: Path) -> bool:
    """Whether there are weights and no graph: a GGUF file, or a folder of safetensors."""
    if source.is_file():
        with source.open("rb") as file:  # Ollama's files have no such name
            return source.suffix == ".gguf" or file.read(4) == b"GGUF"
    return not has_manifest(source) and any(source.glob("*.safetensors")) and not any(source.rglob("*.onnx"))


def _default_name(source: Path) -> str:
    name = source.resolve().name
    for suffix in (".tar.gz", ".tgz", ".tar", ".zip", ".gguf"):
        name = name.removesuffix(suffix)
    if source.is_file() and name.endswith(".onnx"):
        folder = source.resolve().parent
        name = folder.parent.name if folder.name == "onnx" else folder.name
    return name.replace(" ", "-")


def _split(graph: Path) -> tuple[Path, str]:
    """Folder and graph of a named .onnx file; transformers.js keeps graphs one folder below the tokenizer."""
    folder = graph.parent
    if folder.name == "onnx" and not (folder / "tokenizer.json").exists():
        folder = folder.parent
    return folder, graph.relative_to(folder).as_posix()


def _refuse_links_outside(source: Path, manifest: Manifest) -> None:
    root = source.resolve()
    for file in manifest.files:
        if not (source / file.name).resolve().is_relative_to(root):
            raise SottoError(
                f"{source / file.name} is a link out of its folder; copy the files themselves (cp -rL) and add those."
            )


def _refuse_without_space(name: str, nbytes: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if nbytes > free:
        raise SottoError(
            f"{name} needs {nbytes / 1e6:.0f} MB and {folder.parent} has {free / 1e6:.0f} MB left; "
            "make room, or name another folder in SOTTO_MODELS."
        )
