"""From a model folder to an engine."""

from dataclasses import dataclass, replace
from pathlib import Path

from sotto_engine.cache.cache_store import WarmStart
from sotto_engine.engine import CHAT, DEFAULT_CACHE_NBYTES, PREFILL_GRID, Engine, EngineOptions
from sotto_engine.errors import SottoError
from sotto_engine.model.exact_rows import make_rows_exact
from sotto_engine.model.memory import give_back_freed
from sotto_engine.model.onnx_model import Model
from sotto_engine.model.speed_class import SpeedClass, find_speed_class
from sotto_engine.model_files.export_folder import describe_model
from sotto_engine.model_files.manifest import Manifest
from sotto_engine.model_files.packed_graph import PackedGraph
from sotto_engine.model_files.start_memory import StartMemory
from sotto_engine.prompt.builder import PromptBuilder
from sotto_engine.prompt.chat import ChatTemplate
from sotto_engine.prompt.fim import FimTemplate, find_template
from sotto_engine.prompt.tokenizer import Tokenizer
from sotto_engine.request import FimOrder


@dataclass(frozen=True)
class ModelOptions:
    """How a model is loaded. `None` and 0 mean: as its manifest and the machine say."""

    fim_family: str | None = None
    fim_order: str | None = None
    num_threads: int = 0
    share_weights: bool | None = None
    """Whether a large model's weights are read from files that all windows map, where `share_weights` of packing.py
    has put them; False deletes them, None leaves them alone."""


def load_engine(
    directory: Path,
    options: ModelOptions = ModelOptions(),
    *,
    cache_nbytes: int = DEFAULT_CACHE_NBYTES,
    drafts: bool = True,
    warm_start: WarmStart | None = None,
    remembers: bool = True,
) -> tuple[Engine, Manifest]:
    """Load and check a model folder. Raises SottoError with a sentence the user can act on.

    `remembers`: whether a large model is loaded for use: its speed class is found, and kept for the next start.

    `cache_nbytes`, `drafts`: see EngineOptions. `warm_start`: whether prompts are kept on disk, for which project.
    """
    manifest = describe_model(directory)
    memory = StartMemory.of_user() if manifest.is_large and remembers else StartMemory(None)
    manifest.verify(memory)
    tokenizer = Tokenizer.load(manifest.tokenizer_path)
    template = find_template(options.fim_family or manifest.fim_family, tokenizer)
    order = _parse_order(options.fim_order or manifest.fim_order)
    chat = ChatTemplate(manifest.directory, tokenizer)
    graph = _load_graph(manifest, options)
    files = [manifest.directory / file.name for file in manifest.files]
    model, is_exact = make_rows_exact(graph, memory, files)
    speed = find_speed_class(model, memory, files) if manifest.is_large and remembers else SpeedClass()
    memory.save()
    prompts = PromptBuilder(
        tokenizer,
        template,
        order,
        model.max_tokens,
        header=manifest.fim_header,
        chat=chat,
        window_tokens=speed.window_tokens,
    )
    prefill_grid = 1 if is_exact else PREFILL_GRID
    stop_ids = {*manifest.stop_ids, *_find_control_ids(template, tokenizer)}
    store = (warm_start or WarmStart()).open_store(
        manifest, (template.family, order.value, prefill_grid), model.num_threads
    )
    engine_options = EngineOptions(
        cache_nbytes, drafts, manifest.min_probability, prefill_grid, speed.quick_tokens, speed.slice_tokens
    )
    engine = Engine(model, prompts, frozenset(stop_ids), engine_options, store)
    give_back_freed()
    return engine, _add_chat(manifest, chat)


def describe_uses(directory: Path) -> Manifest:
    """The manifest that `load_engine` returns, without its weights. Raises SottoError."""
    manifest = describe_model(directory)
    return _add_chat(manifest, ChatTemplate(manifest.directory, Tokenizer.load(manifest.tokenizer_path)))


def _add_chat(manifest: Manifest, chat: ChatTemplate) -> Manifest:
    """Whether it can be asked questions depends on its template."""
    if manifest.is_instruct and chat.is_there:
        return replace(manifest, good_for=(*manifest.good_for, CHAT))
    return manifest


def _load_graph(manifest: Manifest, options: ModelOptions) -> Model:
    """From the files that windows share, where they are there and beyond doubt; else from the model's own."""

    def load(graph: Path, *, is_packed: bool) -> Model:
        return Model(
            graph,
            manifest.context_length,
            options.num_threads,
            manifest.head_dim,
            is_large=manifest.is_large,
            is_packed=is_packed,
        )

    if options.share_weights is not None and manifest.is_large:
        packed = PackedGraph(manifest)
        if not options.share_weights:
            packed.delete()
        elif (graph := packed.find()) is not None:
            try:
                model = load(graph, is_packed=True)
            except SottoError as error:
                packed.drop(str(error))
            else:
                if packed.find() is not None:  # nothing else was put there while it was read
                    return model
    return load(manifest.graph_path, is_packed=False)


def _parse_order(name: str) -> FimOrder:
    try:
        return FimOrder(name)
    except ValueError as error:
        known = ", ".join(order.value for order in FimOrder)
        raise SottoError(f"The FIM order {name!r} is unknown; use one of {known}.") from error


def _find_control_ids(template: FimTemplate, tokenizer: Tokenizer) -> set[int]:
    """Ids of the family's stop tokens and of the FIM tokens themselves, which never belong in code."""
    spellings = (*template.stops, *template.control_tokens())
    return {token_id for text in spellings if (token_id := tokenizer.control_id(text)) is not None}
