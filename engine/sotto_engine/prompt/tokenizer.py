"""Text to token ids and back, over a `tokenizer.json`; the only file that imports tokenizers.

Control tokens (`<|fim_prefix|>` and the like) go in by id only: written out in code they are text.
"""

import re
from bisect import bisect_left
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers

from sotto_engine.errors import SottoError
from sotto_engine.prompt.encoding_memory import EncodingMemory, Words, encodes_piecewise


class Tokenizer:
    """A model's vocabulary. Byte-level and byte-fallback BPE, as every supported model family uses."""

    def __init__(self, backend: tokenizers.Tokenizer) -> None:
        self._backend = backend
        self._control = {
            token.content: token_id
            for token_id, token in backend.get_added_tokens_decoder().items()
            if token.content.strip()
        }
        # A match is where a control token is spelled out: it is cut after its first character, which
        # breaks it for good. The look-ahead finds overlapping ones too.
        spellings = "|".join(re.escape(text) for text in sorted(self._control, key=len, reverse=True))
        self._spelled_control = re.compile(f"(?=(?:{spellings}))") if spellings else None
        self._controls = re.compile(f"({spellings})") if spellings else None

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Raises SottoError if the file is missing or is no `tokenizer.json`."""
        try:
            return cls(tokenizers.Tokenizer.from_str(path.read_text(encoding="utf-8")))
        except Exception as error:  # tokenizers raises bare Exception for every kind of bad file
            raise SottoError(f"The tokenizer {path} cannot be loaded ({error}); install the model again.") from error

    @property
    def vocab_size(self) -> int:
        return self._backend.get_vocab_size(with_added_tokens=True)

    def control_id(self, spelling: str) -> int | None:
        """The id of a control token, or None if the vocabulary has no such token."""
        return self._control.get(spelling)

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text; never a control token's."""
        if self._spelled_control is None:
            return self._encode(text)
        cuts = [match.start() + 1 for match in self._spelled_control.finditer(text)]
        if not cuts:
            return self._encode(text)
        pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        return [token_id for piece in pieces for token_id in self._encode(piece)]

    def split_controls(self, text: str) -> list[int | str]:
        """Text that the model's makers wrote: the ids of control tokens spelled out in it, and what is between."""
        pieces = self._controls.split(text) if self._controls else [text]
        return [self._control.get(piece, piece) for piece in pieces if piece]

    def token_bytes(self, token_id: int) -> bytes:
        """What a token adds to the text, in UTF-8; control tokens and unknown ids add nothing."""
        return self._token_bytes.get(token_id, b"")

    @lru_cache(maxsize=256)  # noqa: B019 - one tokenizer lives as long as the process
    def ids_extending(self, prefix: bytes) -> np.ndarray:
        """Ids, int64 ascending, of the tokens whose bytes start with `prefix`."""
        ids: list[int] = []
        start = bisect_left(self._sorted_tokens, (prefix, -1))
        for token, token_id in self._sorted_tokens[start:]:
            if not token.startswith(prefix):
                break
            ids.append(token_id)
        return np.array(sorted(ids), np.int64)

    def _encode(self, text: str) -> list[int]:
        # A lone surrogate (half of a UTF-16 pair, as an editor may send it) has no UTF-8 form.
        clean = text.encode("utf-8", errors="replace").decode("utf-8")
        return self._memory.encode(clean) if self._memory else self._encode_words(clean).ids

    def _encode_words(self, text: str) -> Words:
        encoding = self._backend.encode(text, add_special_tokens=False)
        return Words(encoding.ids, encoding.word_ids)

    @cached_property
    def _memory(self) -> EncodingMemory | None:
        """Of what was encoded last, where a text can be encoded in pieces."""
        backend: Any = self._backend  # typed in part only
        has_extras = backend.truncation is not None or backend.padding is not None or backend.model.dropout
        stages = (stage.__getstate__() if stage else b"" for stage in (backend.normalizer, backend.pre_tokenizer))
        if has_extras or not encodes_piecewise(*stages):
            return None
        nbytes = np.zeros(max(self._token_bytes, default=0) + 1, np.int64)
        for token_id, data in self._token_bytes.items():
            nbytes[token_id] = len(data)
        return EncodingMemory(self._encode_words, nbytes)

    @cached_property
    def _sorted_tokens(self) -> list[tuple[bytes, int]]:
        return sorted((data, token_id) for token_id, data in self._token_bytes.items() if data)

    @cached_property
    def _token_bytes(self) -> dict[int, bytes]:
        vocabulary = self._backend.get_vocab(with_added_tokens=True)
        byte_level = "Ġ" in vocabulary or "Ċ" in vocabulary
        to_bytes = _byte_level_bytes if byte_level else _byte_fallback_bytes
        controls = set(self._control.values())
        return {token_id: b"" if token_id in controls else to_bytes(token) for token, token_id in vocabulary.items()}


def _byte_level_alphabet() -> dict[str, int]:
    """Character to byte in byte-level BPE (GPT-2): printable Latin-1 as itself, the rest from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + rank): byte for rank, byte in enumerate(others)}


_ALPHABET = _byte_level_alphabet()


def _byte_level_bytes(token: str) -> bytes:
    try:
        return bytes(_ALPHABET[character] for character in token)
    except KeyError:  # an added token stands in the vocabulary as plain text
        return token.encode("utf-8")


def _byte_fallback_bytes(token: str) -> bytes:
    if re.fullmatch(r"<0x[0-9A-F]{2}>", token):
        return bytes([int(token[3:5], 16)])
    return token.replace("▁", " ").encode("utf-8")
