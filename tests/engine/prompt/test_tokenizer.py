"""Text to ids: control tokens only by id, bytes of every token, streaming of whole code points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fakes import CONTROL, make_tokenizer
from sotto_engine.decode.run import TextStream
from sotto_engine.errors import SottoError
from sotto_engine.prompt.tokenizer import Tokenizer

TOKENIZER = make_tokenizer()
CONTROL_IDS = {TOKENIZER.control_id(text) for text in CONTROL}
PIECES = st.lists(st.one_of(st.text(max_size=5), st.sampled_from([*CONTROL, "<|fim_", "middle|>", "<|<|"])))


@given(PIECES)
def test_control_tokens_spelled_out_in_code_are_text(pieces):
    text = "".join(pieces)
    ids = TOKENIZER.encode(text)
    assert not CONTROL_IDS & set(ids)
    assert b"".join(map(TOKENIZER.token_bytes, ids)) == text.encode("utf-8")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30))
def test_streamed_text_has_no_half_code_points(text):
    stream, seen = TextStream(), []
    for token_id in TOKENIZER.encode(text):
        stream.push(TOKENIZER.token_bytes(token_id))
        seen.append(stream.text)
    assert stream.text == text
    assert all(text.startswith(part) for part in seen)


def test_lone_surrogate_does_not_crash():
    assert TOKENIZER.encode("a\ud800b")


def test_ids_extending_finds_exactly_the_tokens_that_start_so():
    ids = set(TOKENIZER.ids_extending(b"re"))
    for token_id in range(TOKENIZER.vocab_size):
        assert (token_id in ids) == TOKENIZER.token_bytes(token_id).startswith(b"re")


def test_control_tokens_add_no_text():
    assert all(TOKENIZER.token_bytes(token_id) == b"" for token_id in CONTROL_IDS)


@pytest.mark.parametrize("content", ["", "{}", "not json", '{"version": "1.0"}'])
def test_bad_file_gets_one_sentence(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(SottoError, match="install the model again"):
        Tokenizer.load(path)
