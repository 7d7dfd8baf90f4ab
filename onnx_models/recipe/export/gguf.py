"""Writes a Qwen2-style checkpoint as one GGUF file: the very same weights for llama.cpp.

    PYTHONPATH=onnx_models python -m recipe.export.gguf CHECKPOINT OUTPUT.gguf --type q8_0

Its nearest pre-tokenizer stands in for ours: text may become other tokens, exact comparisons hand over token ids.
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as ElementType
from numpy.typing import NDArray

from recipe.export.decoder_config import Weights, read_config, read_weights
from sotto_models.decoder.description import DecoderDescription

FILES = ("config.json", "model.safetensors", "tokenizer.json")
TYPES = {
    "f16": (ElementType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": (ElementType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
    "q4_0": (ElementType.Q4_0, gguf.LlamaFileType.MOSTLY_Q4_0),
}
END = "<|endoftext|>"
FIM_KEYS = {
    "<|fim_prefix|>": gguf.Keys.Tokenizer.FIM_PRE_ID,
    "<|fim_suffix|>": gguf.Keys.Tokenizer.FIM_SUF_ID,
    "<|fim_middle|>": gguf.Keys.Tokenizer.FIM_MID_ID,
    "<|fim_pad|>": gguf.Keys.Tokenizer.FIM_PAD_ID,
    "<|repo_name|>": gguf.Keys.Tokenizer.FIM_REP_ID,
    "<|file_sep|>": gguf.Keys.Tokenizer.FIM_SEP_ID,
}
_ARCHITECTURE = gguf.MODEL_ARCH.QWEN2
# Cuts at numbers only; our merges, learned inside our pieces, hardly reach over their borders.
PRE_TOKENIZER = "superbpe"


def write_gguf(checkpoint: Path, output: Path, kind: str = "f16", pre_tokenizer: str = PRE_TOKENIZER) -> None:
    """Writes `output`; matrices as `kind` (of TYPES), norms and biases as float32.

    A matrix whose rows are no whole number of blocks stays f16. The embedding, which is the head too, is quantized
    like the rest. ValueError, a sentence, says what is missing or what llama.cpp's Qwen2 would compute differently.
    """
    config = _read_config(checkpoint)
    matrix_type, file_type = TYPES[kind]
    writer = gguf.GGUFWriter(output, gguf.MODEL_ARCH_NAMES[_ARCHITECTURE])
    writer.add_file_type(file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    _add_shape(writer, config)
    _add_vocabulary(writer, checkpoint / "tokenizer.json", config.vocab_size)
    writer.add_tokenizer_pre(pre_tokenizer)
    weights = _named_as_in_gguf(config, read_weights(checkpoint / "model.safetensors"))
    for name, tensor in weights.items():
        stored = _stored_type(tensor, matrix_type)
        writer.add_tensor(name, gguf.quants.quantize(tensor, stored), raw_dtype=stored)
    output.parent.mkdir(parents=True, exist_ok=True)
    writer.write_header_to_file()  # opens the file: what was refused above leaves none
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _read_config(checkpoint: Path) -> DecoderDescription:
    if missing := [name for name in FILES if not (checkpoint / name).is_file()]:
        raise ValueError(f"{checkpoint}: no {' and no '.join(missing)}; a checkpoint has {', '.join(FILES)}.")
    path = checkpoint / "config.json"
    if (model_type := json.loads(path.read_text(encoding="utf-8")).get("model_type")) != "qwen2":
        raise ValueError(f"{path}: model type {model_type!r} is not supported, only 'qwen2'.")
    config = read_config(path)
    if not config.tied_head:
        raise ValueError(f"{path}: a head of its own is not supported, only one tied to the embedding.")
    if config.query_size != config.hidden_size:  # llama.cpp derives the heads' size from the hidden size
        raise ValueError(f"{path}: {config.num_heads} heads of {config.head_dim} are not the hidden size.")
    return config


def _add_shape(writer: gguf.GGUFWriter, config: DecoderDescription) -> None:
    writer.add_context_length(config.max_positions)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_heads)
    writer.add_head_count_kv(config.num_kv_heads)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(config.norm_eps)


def _add_vocabulary(writer: gguf.GGUFWriter, path: Path, size: int) -> None:
    """A tokenizer.json's byte-level BPE, filled up to `size`, the embedding's rows, with unused tokens."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    model, added = raw["model"], raw["added_tokens"]
    if model["type"] != "BPE":
        raise ValueError(f"{path}: a {model['type']} tokenizer is not supported, only BPE.")
    ids = model["vocab"] | {token["content"]: token["id"] for token in added}
    if max(ids.values()) >= size:
        raise ValueError(f"{path}: token id {max(ids.values())} has no row in an embedding of {size}.")
    if END not in ids:
        raise ValueError(f"{path}: there is no {END} token to end a completion with.")
    tokens, types = [f"[PAD{token_id}]" for token_id in range(size)], [gguf.TokenType.UNUSED] * size
    control = {token["id"] for token in added if token["special"]}
    for token, token_id in ids.items():
        tokens[token_id] = token
        types[token_id] = gguf.TokenType.CONTROL if token_id in control else gguf.TokenType.NORMAL
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    # Older versions of `tokenizers` wrote a merge as one string.
    writer.add_token_merges([each if isinstance(each, str) else " ".join(each) for each in model["merges"]])
    writer.add_bos_token_id(ids[END])  # never put in front, but without one llama.cpp takes GPT-2's id 11
    writer.add_eos_token_id(ids[END])
    writer.add_add_bos_token(False)
    for token in sorted(FIM_KEYS.keys() & ids.keys()):
        writer.add_uint32(FIM_KEYS[token], ids[token])


def _named_as_in_gguf(config: DecoderDescription, weights: Weights) -> Weights:
    names = gguf.get_tensor_name_map(_ARCHITECTURE, config.num_layers)
    renamed = {name: names.get_name(name, try_suffixes=(".weight", ".bias")) for name in weights}
    if unknown := [name for name, new in renamed.items() if new is None]:
        raise ValueError(f"model.safetensors: llama.cpp's Qwen2 has no place for {', '.join(unknown)}.")
    # A tied head that was saved all the same is the embedding once more.
    return {renamed[name]: tensor for name, tensor in weights.items() if name != "lm_head.weight"}


def _stored_type(tensor: NDArray[np.float32], matrix_type: ElementType) -> ElementType:
    if tensor.ndim == 1:
        return ElementType.F32
    block_size, _ = gguf.GGML_QUANT_SIZES[matrix_type]
    return matrix_type if tensor.shape[-1] % block_size == 0 else ElementType.F16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help=f"folder with {', '.join(FILES)}")
    parser.add_argument("output", type=Path, help="the file to write, say model.gguf")
    parser.add_argument("--type", choices=sorted(TYPES), default="f16", help="of the matrices")
    parser.add_argument("--pre-tokenizer", default=PRE_TOKENIZER, help="llama.cpp's name; qwen2 for Qwen's own")
    options = parser.parse_args()
    try:
        write_gguf(options.checkpoint, options.output, options.type, options.pre_tokenizer)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
