"""From the tokenizer in a GGUF file to the text of a tokenizer.json: byte-level BPE, or SentencePiece's BPE.

How text is cut before the merges is named by `tokenizer.ggml.pre`; the patterns are those of the models' own files.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, cast

from gguf.constants import TokenType

from sotto_engine.errors import SottoError
from sotto_models.weights.gguf_header import Header

_MAX_TOKENS = 2_000_000
_MAX_PIECE = 256
_SPACE = "▁"
_QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_SPLITS: dict[str, list[str]] = {
    "qwen2": [_QWEN % r"\p{N}"],
    "llama-bpe": [_QWEN % r"\p{N}{1,3}"],
    "deepseek-coder": [
        r"[\r\n]",
        r"\s?\p{L}+",
        r"\s?\p{P}+",
        r"[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+",
        r"\p{N}",
    ],
}
"""Patterns that cut one after the other; then bytes are spelled as letters, without a further cut."""
_DIGITS = {"starcoder", "refact", "smollm", "granite", "codeshell"}
"""Every digit by itself, then GPT-2's cut."""
_PLAIN = {"default", "gpt-2", "gpt2", "mellum"}
_SAME = {"llama3": "llama-bpe", "llama-v3": "llama-bpe", "seed-coder": "llama-bpe", "deepseek-r1-qwen": "qwen2"}


def write_tokenizer(header: Header, vocab_size: int) -> tuple[str, dict[int, str]]:
    """`(tokenizer.json, control tokens by id)`. Raises SottoError for one that cannot be used."""
    tokens = _texts(header, "tokenizer.ggml.tokens")
    if len(tokens) > min(vocab_size, _MAX_TOKENS):
        raise SottoError(f"{header.path} has {len(tokens)} tokens and weights for {vocab_size}; fetch it again.")
    kinds = _numbers(header, "tokenizer.ggml.token_type", len(tokens))
    model = header.fields.get("tokenizer.ggml.model")
    if model == "gpt2":
        data = _byte_level(header, tokens)
    elif model == "llama":
        data = _sentence_piece(header, tokens, kinds)
    else:
        raise SottoError(f"{header.path} has a tokenizer of the kind {model!r}, and Sotto knows gpt2 and llama.")
    special = {TokenType.CONTROL.value, TokenType.UNKNOWN.value}
    added = {
        number: token
        for number, (token, kind) in enumerate(zip(tokens, kinds, strict=True))
        if kind in special or kind == TokenType.USER_DEFINED.value
    }
    data["added_tokens"] = [
        {
            "id": number,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": kinds[number] in special,
        }
        for number, token in added.items()
    ]
    return json.dumps({"version": "1.0", **data}, ensure_ascii=False), added


def read_special_ids(header: Header) -> dict[str, int]:
    """`bos`, `eos`, `eot`, `eom`, `pad`: those that the file names."""
    names = {"bos": "bos", "eos": "eos", "eot": "eot", "eom": "eom", "pad": "padding"}
    found = {short: header.fields.get(f"tokenizer.ggml.{name}_token_id") for short, name in names.items()}
    num_tokens = len(header.fields.get("tokenizer.ggml.tokens", ()))
    return {short: value for short, value in found.items() if isinstance(value, int) and 0 <= value < num_tokens}


def _byte_level(header: Header, tokens: Sequence[str]) -> dict[str, Any]:
    pre = header.fields.get("tokenizer.ggml.pre", "default")
    pre = _SAME.get(pre, pre) if isinstance(pre, str) else ""
    bytes_alone = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    gpt2 = {**bytes_alone, "use_regex": True}
    if pre in _SPLITS:
        steps = [
            *(
                {"type": "Split", "pattern": {"Regex": each}, "behavior": "Isolated", "invert": False}
                for each in _SPLITS[pre]
            ),
            bytes_alone,
        ]
    elif pre in _DIGITS:
        steps = [{"type": "Digits", "individual_digits": True}, gpt2]
    elif pre in _PLAIN:
        steps = [gpt2]
    else:
        raise SottoError(
            f"{header.path} cuts text in a way ({pre!r}) that Sotto does not know; take safetensors of the model."
        )
    vocab = {token: number for number, token in enumerate(tokens)}
    return {
        "normalizer": {"type": "NFC"} if pre == "qwen2" else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": steps},
        "decoder": bytes_alone,
        "model": {
            "type": "BPE",
            "vocab": vocab,
            "merges": [list(each) for each in _merges(header, vocab)],
            "fuse_unk": False,
            "byte_fallback": False,
        },
    }


def _merges(header: Header, vocab: dict[str, int]) -> Iterator[tuple[str, str]]:
    for merge in _texts(header, "tokenizer.ggml.merges"):
        left, _, right = merge.partition(" ")
        if left not in vocab or right not in vocab or left + right not in vocab:
            raise SottoError(f"{header.path} has a tokenizer that merges {merge[:40]!r} to no token; fetch it again.")
        yield left, right


def _sentence_piece(header: Header, tokens: Sequence[str], kinds: Sequence[int]) -> dict[str, Any]:
    """Its merges are not stored: a piece is made of any two others, and the likelier piece is made first."""
    scores = _numbers(header, "tokenizer.ggml.scores", len(tokens))
    vocab = {token: number for number, token in enumerate(tokens)}
    normal = [number for number, kind in enumerate(kinds) if kind == TokenType.NORMAL.value]
    ranked = sorted(normal, key=lambda number: (-scores[number], number))
    merges = [
        [token[:at], token[at:]]
        for number in ranked
        if len(token := tokens[number]) <= _MAX_PIECE
        for at in range(1, len(token))
        if token[:at] in vocab and token[at:] in vocab
    ]
    unknown = next((number for number, kind in enumerate(kinds) if kind == TokenType.UNKNOWN.value), 0)
    begins = (
        [{"type": "Prepend", "prepend": _SPACE}] if header.fields.get("tokenizer.ggml.add_space_prefix", True) else []
    )
    spaces = {"type": "Replace", "pattern": {"String": " "}, "content": _SPACE}
    back = {"type": "Replace", "pattern": {"String": _SPACE}, "content": " "}
    ends = [{"type": "Strip", "content": " ", "start": 1, "stop": 0}] if begins else []
    return {
        "normalizer": {"type": "Sequence", "normalizers": [*begins, spaces]},
        "pre_tokenizer": None,
        "decoder": {"type": "Sequence", "decoders": [back, {"type": "ByteFallback"}, {"type": "Fuse"}, *ends]},
        "model": {
            "type": "BPE",
            "vocab": vocab,
            "merges": merges,
            "unk_token": tokens[unknown],
            "fuse_unk": True,
            "byte_fallback": True,
        },
    }


def _texts(header: Header, name: str) -> list[str]:
    value = header.fields.get(name)
    if not isinstance(value, list):
        raise SottoError(f"{header.path} has no tokenizer of its own ({name}); take another file of the model.")
    texts = cast("list[str]", value)
    if len(texts) != len(set(texts)):
        raise SottoError(f"{header.path} has a tokenizer with the same entry twice ({name}); fetch it again.")
    return texts


def _numbers(header: Header, name: str, length: int) -> list[Any]:
    value = header.fields.get(name)
    if value is None or not hasattr(value, "tolist") or len(value) != length:
        raise SottoError(f"{header.path} has a tokenizer that is not whole ({name}); fetch it again.")
    return value.tolist()
