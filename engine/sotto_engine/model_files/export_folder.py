"""A folder that an exporter wrote, described: graph, tokenizer and what its JSON files hold about the model.

onnxruntime-genai writes genai_config.json; Optimum and transformers.js keep the original's config.json and may put
several graphs into onnx/. A folder with our manifest.json is read by manifest.py instead.
"""

import contextlib
import json
import re
from pathlib import Path, PurePath
from typing import Any, cast

from sotto_engine.errors import SottoError
from sotto_engine.model_files.external_weights import find_external_data
from sotto_engine.model_files.inner_path import leaves_folder
from sotto_engine.model_files.manifest import Manifest, ModelFile, has_manifest, load_manifest
from sotto_engine.prompt.chat import CONFIG_NAME, TEMPLATE_NAME
from sotto_engine.prompt.fim import NONE, detect_template, find_template
from sotto_engine.prompt.tokenizer import Tokenizer
from sotto_engine.request import FimOrder

MAX_CONTEXT_LENGTH = 2048
"""Tokens that Sotto uses of a model's context unless the manifest names another number: what a CPU can prefill in a
few seconds when a file is opened, and what a line of code profits from."""
_GRAPHS = tuple(
    f"model{kind}.onnx" for kind in ("", "_q4", "_quantized", "_int8", "_q4f16", "_uint8", "_bnb4", "_fp16")
)
"""In one folder: what its maker calls the model, then the siblings, the fastest on a CPU first."""
_TURN_ENDS = (
    "<end_of_turn>",
    *(f"<|{name}|>" for name in ("im_end", "eot_id", "eom_id", "EOT", "end", "endofprompt")),
)
_LICENCES = {"Apache License": "Apache-2.0", "MIT License": "MIT", "Qwen RESEARCH": "qwen-research"}
_INSTRUCT_NAME = re.compile(r"instruct|chat|(?<![a-z])it(?![a-z])", re.IGNORECASE)


def read_export_folder(directory: Path, graph_name: str | None = None) -> Manifest:
    """Describe an export, without checksums; `graph_name` names one of several. Names are relative, with `/`.

    Raises SottoError for a folder that is none, and for a vocabulary without FIM tokens.
    """
    if not directory.is_dir():
        raise SottoError(f"There is no folder {directory}; give the folder of an exported model.")
    genai = _read_json(directory / "genai_config.json").get("model", {})
    config = _read_json(directory / "config.json")
    config = {**config, **config.get("text_config", {})}
    decoder = genai.get("decoder", {})
    graph = str(graph_name or decoder.get("filename") or _find_graph(directory))
    if not (directory / graph).is_file():
        raise SottoError(f"There is no graph {graph} in {directory}; copy the whole export, or name its .onnx file.")
    tokenizer = _load_tokenizer(directory)
    model_type = str(genai.get("type") or config.get("model_type") or "")
    hint = f"{directory.resolve().name} {config.get('_name_or_path', '')} {model_type}"
    template = detect_template(tokenizer, hint)
    stop_ids = _stop_ids(directory, genai, config)
    is_instruct = _is_instruct(hint, stop_ids, tokenizer)
    good_for = ("inline-completion", "body")
    if template is None and is_instruct:
        template, good_for = find_template(NONE, tokenizer), ()
    if template is None:
        raise SottoError(
            f"The vocabulary of the model in {directory} has no fill-in-the-middle tokens that Sotto knows; "
            "take a code model that was trained to fill in the middle."
        )
    chat_files = [name for name in (TEMPLATE_NAME, CONFIG_NAME) if (directory / name).is_file()]
    names = (graph, *_external_data(directory, graph), "tokenizer.json", *chat_files)
    context_length = int(genai.get("context_length") or config.get("max_position_embeddings") or MAX_CONTEXT_LENGTH)
    return Manifest(
        directory=directory,
        name=directory.name,
        description=f"{model_type or 'a model'}, used from its export without checksums",
        licence=_licence(directory, config) or "unknown",
        graph=graph,
        tokenizer="tokenizer.json",
        files=tuple(ModelFile(name, "", (directory / name).stat().st_size) for name in names),
        context_length=min(context_length, MAX_CONTEXT_LENGTH),
        fim_family=template.family,
        fim_order=(FimOrder.ANCHORED if template.prefix_first else FimOrder.SUFFIX_FIRST).value,
        fim_header=True,
        stop_ids=stop_ids,
        good_for=good_for,
        head_dim=_head_dim(decoder, config),
        model_type=model_type,
        is_instruct=is_instruct,
    )


def describe_model(directory: Path, graph_name: str | None = None) -> Manifest:
    """The manifest of a model's folder, or for an export without one what its files say.

    `graph_name` names one graph of an export. Raises SottoError for a folder that is neither.
    """
    if graph_name is None and has_manifest(directory):
        return load_manifest(directory)
    return read_export_folder(directory, graph_name)


def _read_json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        data: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SottoError(f"{path} cannot be read as JSON ({error}); copy the export again.") from error
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


def _find_graph(directory: Path) -> str:
    for folder in ("", "onnx/"):
        for name in _GRAPHS:
            if (directory / folder / name).is_file():
                return folder + name
    found = sorted(path.relative_to(directory).as_posix() for path in directory.glob("**/*.onnx"))
    if any("decoder" in name for name in found):
        raise SottoError(
            f"{directory} holds {found[0]}, an old export with separate or merged decoders; "
            "take the model's newer export, or export it again with a current Optimum."
        )
    if len(found) == 1:
        return found[0]
    if found:
        raise SottoError(f"{directory} holds several graphs ({', '.join(found)}); name the one to use.")
    raise SottoError(f"There is no .onnx file in {directory}; give the folder of an ONNX export.")


def _load_tokenizer(directory: Path) -> Tokenizer:
    path = directory / "tokenizer.json"
    if not path.is_file():
        raise SottoError(
            f"There is no tokenizer.json in {directory}; copy it there from the original model's repository."
        )
    return Tokenizer.load(path)


def _external_data(directory: Path, graph: str) -> list[str]:
    """Files with the graph's weights: those that it names, and what exporters put next to one.

    model.onnx.data is onnx's and genai's name, model.onnx_data and _data_1 are Optimum's.
    """
    name = re.escape(Path(graph).name)
    pattern = re.compile(rf"{name}(\.data|_data)([._]\d+)?")
    folder = (directory / graph).parent
    found = {path.name for path in folder.iterdir() if pattern.fullmatch(path.name)}
    with contextlib.suppress(ValueError):  # no graph at all: loading it raises the right error
        found |= {_require_inside(directory, folder, each) for each in find_external_data(directory / graph)}
    return [(folder / each).relative_to(directory).as_posix() for each in sorted(found)]


def _require_inside(directory: Path, folder: Path, location: str) -> str:
    if not location or leaves_folder(location):
        raise SottoError(
            f"The graph in {directory} keeps its weights at {location!r}, outside its folder; do not use this file."
        )
    path = PurePath(location.replace("\\", "/"))
    if not (folder / path).is_file():
        raise SottoError(f"There are no weights {location!r} in {folder}; copy the whole export again.")
    return path.as_posix()


def _stop_ids(directory: Path, genai: dict[str, Any], config: dict[str, Any]) -> tuple[int, ...]:
    generation = _read_json(directory / "generation_config.json")
    for source in (genai, generation, config):
        value = source.get("eos_token_id")
        ids = cast("list[object]", value) if isinstance(value, list) else [value]
        if found := tuple(each for each in ids if isinstance(each, int)):
            return found
    return ()


def _is_instruct(hint: str, stop_ids: tuple[int, ...], tokenizer: Tokenizer) -> bool:
    """Whether the model was tuned to answer: its answers end a turn, or its name shows it.

    A chat template is no sign: Qwen's base models carry one.
    """
    turn_ends = {tokenizer.control_id(spelling) for spelling in _TURN_ENDS}
    return bool(stop_ids and stop_ids[0] in turn_ends) or _INSTRUCT_NAME.search(hint) is not None


def _licence(directory: Path, config: dict[str, Any]) -> str | None:
    """From config.json, the model card's front matter or the licence's first lines."""
    if isinstance(named := config.get("license"), str):
        return named
    for path in sorted(directory.glob("README*")):
        head = path.read_text(encoding="utf-8", errors="replace")[:4000]
        for field in ("license_name", "license"):  # a model card has "other" and then the name
            if match := re.search(rf"^{field}:\s*(\S+)\s*$", head, re.MULTILINE):
                return match[1]
    for path in sorted(directory.glob("LICEN[CS]E*")):
        head = path.read_text(encoding="utf-8", errors="replace")[:2000]
        if found := next((name for words, name in _LICENCES.items() if words in head), None):
            return found
    return None


def _head_dim(decoder: dict[str, Any], config: dict[str, Any]) -> int | None:
    named = decoder.get("head_size") or config.get("head_dim")
    if isinstance(named, int):
        return named
    width, heads = config.get("hidden_size"), config.get("num_attention_heads")
    return width // heads if isinstance(width, int) and isinstance(heads, int) else None
