"""The real tokenizer of Qwen2.5 through our layer: published vectors, control tokens, streaming of every plane."""

from pathlib import Path

import pytest

from sotto_engine.decode.run import TextStream
from sotto_engine.prompt.fim import detect_template
from sotto_engine.prompt.tokenizer import Tokenizer

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "qwen2.5-tokenizer"
VECTORS = FOLDER / "vectors" / "ggml-vocab-qwen2.gguf.inp"
FIM_IDS = {
    "<|fim_prefix|>": 151659,
    "<|fim_middle|>": 151660,
    "<|fim_suffix|>": 151661,
    "<|fim_pad|>": 151662,
    "<|repo_name|>": 151663,
    "<|file_sep|>": 151664,
    "<|endoftext|>": 151643,
    "<|im_start|>": 151644,
    "<|im_end|>": 151645,
}
pytestmark = pytest.mark.skipif(not VECTORS.exists(), reason=f"needs Qwen2.5's tokenizer in {FOLDER}")


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.load(FOLDER / "tokenizer.json")


def test_published_vectors(tokenizer):
    texts = VECTORS.read_text(encoding="utf-8").split("\n__ggml_vocab_test__\n")
    lines = VECTORS.with_suffix(".out").read_text(encoding="utf-8").splitlines()
    expected = [[int(number) for number in line.split()] for line in lines]
    got = [tokenizer.encode(text) for text in texts[: len(expected)]]
    assert len(expected) > 40 and got == expected


def test_control_tokens_have_the_published_ids(tokenizer):
    assert {text: tokenizer.control_id(text) for text in FIM_IDS} == FIM_IDS
    assert detect_template(tokenizer, "").family == "qwen"


@pytest.mark.parametrize("spelling", FIM_IDS)
def test_control_token_written_in_code_stays_text(tokenizer, spelling):
    text = f'STOP = "{spelling}{spelling}"  # not {spelling[:-1]}'
    token_ids = tokenizer.encode(text)
    assert not set(token_ids) & set(FIM_IDS.values())
    assert b"".join(map(tokenizer.token_bytes, token_ids)).decode() == text


@pytest.mark.parametrize("plane", range(17))
def test_streaming_never_shows_half_a_code_point(tokenizer, plane):
    first = plane << 16
    samples = [first + offset for offset in range(0x21, 0x10000, 0x0FF1)]
    text = "".join(chr(code) for code in samples if not 0xD800 <= code < 0xE000)
    stream = TextStream()
    for token_id in tokenizer.encode(text):
        stream.push(tokenizer.token_bytes(token_id))
        assert text.startswith(stream.text)
    assert stream.text == text
