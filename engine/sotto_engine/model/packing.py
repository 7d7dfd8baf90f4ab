"""Writing a model's packed graph (packed_graph.py) in a process of its own: it gives its memory back, has the lowest
priority, and no failure in it can hurt a window.

What is written is tried out before it is kept: it must give the same bits and save a second reader memory.
"""

import hashlib
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import psutil

from sotto_engine.cancel import CancelFlag
from sotto_engine.errors import SottoError
from sotto_engine.model.onnx_model import Model, save_packed
from sotto_engine.model.probe import make_tokens
from sotto_engine.model_files.export_folder import describe_model
from sotto_engine.model_files.manifest import Manifest
from sotto_engine.model_files.packed_graph import GRAPH_NAME, PackedGraph, packed_root
from sotto_engine.model_files.start_memory import StartMemory

log = logging.getLogger(__name__)

_PASSES = (64, 2, 33, 7, 3, 1, 1, 2, 9)
"""Prefill cut in several ways, decoding with and without drafts."""
_NOT_SHARED = "the model's weights are not shared with other windows: "
_LEAST_SAVED = 0.5
"""Of a model's size."""


def share_weights(manifest: Manifest) -> None:
    """Begin to write a large model's packed graph, unless it is there already. Returns at once."""
    packed = PackedGraph(manifest)
    if not manifest.is_large or not packed.is_missing():
        return
    if obstacle := packed.find_obstacle():
        log.info("%s%s", _NOT_SHARED, obstacle)
        return
    # -P: the working folder is the user's, and what lies there must not be imported
    command = [sys.executable, "-P", "-m", __name__, str(packed_root()), str(manifest.directory.absolute())]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # closed when this process ends, however it does: then the other one ends, too
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # there is one on Windows only
        )
    except OSError as error:
        log.info("%s%s", _NOT_SHARED, error.strerror)
        return
    threading.Thread(target=_report, args=(process,), name="sotto-packing", daemon=True).start()


def pack(manifest: Manifest, packed: PackedGraph) -> str:
    """Write it; the outcome, in a sentence. Raises SottoError, OSError."""
    with packed.writing() as folder:
        manifest.verify(StartMemory.of_user())
        save_packed(manifest.graph_path, folder / GRAPH_NAME)
        nbytes = sum(path.stat().st_size for path in folder.iterdir())
        refusal = _find_refusal(manifest, folder / GRAPH_NAME)
        manifest.verify(StartMemory.of_user())
        if not packed.is_of(manifest):
            raise SottoError("the model's files were changed meanwhile")
        packed.finish(folder, refusal)
    if refusal:
        return _NOT_SHARED + refusal
    return f"the model's weights are shared with other windows from now on ({nbytes / 1e6:.0f} MB on the disk)"


def _find_refusal(manifest: Manifest, graph: Path) -> str:
    """Why the packed graph is of no use; empty where it is."""
    before = _measure_own_memory()
    model = _load(manifest, manifest.graph_path)
    ordinary_nbytes = _measure_own_memory() - before
    expected = _digest_passes(model)
    del model
    first = _load(manifest, graph, is_packed=True)
    if _digest_passes(first) != expected:
        return "they do not give the same bits when they are packed"
    before = _measure_own_memory()
    second = _load(manifest, graph, is_packed=True)
    shared_nbytes = _measure_own_memory() - before
    del first, second
    is_worth_it = _saves_memory(manifest, ordinary_nbytes - shared_nbytes)
    return "" if is_worth_it else "that would save no memory here"


def _saves_memory(manifest: Manifest, nbytes: int) -> bool:
    """Whether what a second reader needs less of its own is worth the room on the disk."""
    return nbytes >= _LEAST_SAVED * manifest.nbytes


def _load(manifest: Manifest, graph: Path, *, is_packed: bool = False) -> Model:
    return Model(graph, manifest.context_length, 1, manifest.head_dim, is_packed=is_packed)


def _digest_passes(model: Model) -> str:
    """A digest of all logits and rows of some passes."""
    digest = hashlib.sha256()
    cache = model.new_cache()
    token_ids = make_tokens(sum(_PASSES))
    for size in _PASSES:
        next_ids = token_ids[len(cache) : len(cache) + size]
        digest.update(np.ascontiguousarray(model.forward(cache, next_ids, CancelFlag())).data)
    for array in cache.arrays():
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _measure_own_memory() -> int:
    """Memory that this process shares with none, and maps once only."""
    return psutil.Process().memory_full_info().uss


def _report(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdout is not None
    output = process.stdout.read().decode(errors="replace").strip()
    process.wait()
    log.info("%s", output.rpartition("\n")[2] or f"weights were not written: exit status {process.returncode}")


def _end_with_the_window() -> None:
    while os.read(0, 1024):  # not sys.stdin, whose lock would hold up this process's own end
        pass
    os._exit(1)


def _take_lowest_priority() -> None:
    process = psutil.Process()
    if sys.platform == "win32":
        process.nice(psutil.IDLE_PRIORITY_CLASS)
        return
    process.nice(19)
    if sys.platform == "linux":
        process.ionice(psutil.IOPRIO_CLASS_IDLE)


def main() -> None:
    """`python -m sotto_engine.model.packing ROOT MODEL_DIR`, which ends when its standard input does."""
    root, directory = (Path(argument) for argument in sys.argv[1:])
    threading.Thread(target=_end_with_the_window, daemon=True).start()
    _take_lowest_priority()
    try:
        manifest = describe_model(directory)
        outcome = pack(manifest, PackedGraph(manifest, root))
    except (SottoError, OSError) as error:
        outcome = f"{_NOT_SHARED}{error}"
    print(outcome, flush=True)  # noqa: T201 - the window that began this logs it


if __name__ == "__main__":
    main()
