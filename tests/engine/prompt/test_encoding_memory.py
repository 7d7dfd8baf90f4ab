"""Texts encoded piece by piece come out as those encoded at once, whatever is edited and with every vocabulary."""

import inspect
import json
import random
import threading
from pathlib import Path

import pytest
import tokenizers
from tokenizers import models, pre_tokenizers, trainers

import sotto_models
from sotto_engine.prompt.encoding_memory import EncodingMemory, encodes_piecewise
from sotto_engine.prompt.tokenizer import Tokenizer

SOURCE = Path(inspect.getsourcefile(threading)).read_text()
QWEN = Path(__file__).parents[4] / "shared" / "data" / "qwen2.5-tokenizer" / "tokenizer.json"
# What pre-tokenizers look at together: runs of white space, newlines, signs, digits, marks that combine.
TYPED = [
    "\n",
    "\n    ",
    "    ",
    "  ",
    "\t",
    "\r\n",
    " ",
    "\n\u3000",
    "\u3000\n",
    "\n\xa0",
    "\u2028",
    "\x85\n",
    "a",
    "self.",
    "x1",
]
TYPED += ["12", "):", "'ll", "é", "e\u0301", "\u0301", "日本", "🙂"]


def digits_first():
    """As StarCoder2 has it: digits one by one, then GPT-2's pattern."""
    backend = tokenizers.Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    backend.train_from_iterator([SOURCE], trainers.BpeTrainer(vocab_size=1000, initial_alphabet=alphabet))
    return Tokenizer(backend)


def qwen():
    if not QWEN.exists():
        pytest.skip(f"needs Qwen2.5's tokenizer, {QWEN}")
    return Tokenizer.load(QWEN)


def embedded():
    return Tokenizer.load(sotto_models.embedded_model_dir() / "tokenizer.json")


@pytest.fixture(params=[embedded, digits_first, qwen], ids=lambda make: make.__name__)
def tokenizer(request):
    return request.param()


def at_once(tokenizer, text):
    return tokenizer._encode_words(text).ids


def edits(seed, num_edits):
    """Texts as an editor has them one after the other, each what stands in front of the cursor."""
    dice = random.Random(seed)
    text, start = SOURCE[:12_000], 0
    cursor = 6_000
    for _ in range(num_edits):
        action = dice.random()
        if action < 0.6:
            typed = dice.choice(TYPED) if dice.random() < 0.7 else SOURCE[cursor : cursor + dice.randint(1, 9)]
            text, cursor = text[:cursor] + typed + text[cursor:], cursor + len(typed)
        elif action < 0.75:
            num_erased = dice.randint(1, 12)
            text, cursor = text[: cursor - num_erased] + text[cursor:], cursor - num_erased
        elif action < 0.85:  # far from the cursor
            place = dice.randrange(start, cursor)
            text = text[:place] + dice.choice(TYPED) + text[place:]
        elif action < 0.95:
            cursor = dice.randrange(2_000, len(text))
        else:
            start = dice.choice([0, 500, 1_000])
        yield text[start:cursor]
        if dice.random() < 0.1:
            yield text[cursor:]


@pytest.mark.parametrize("seed", range(3))
def test_encoding_in_pieces_equals_encoding_at_once(tokenizer, seed):
    assert tokenizer._memory is not None
    for text in edits(seed, 300):
        assert tokenizer.encode(text) == at_once(tokenizer, text)


def test_white_space_that_grows_is_encoded_again(tokenizer):
    for end in (
        "pass\n",
        "pass\n\n",
        "pass\n\n    ",
        "pass\n\n    \n",
        "pass\n\n    \n  x",
        "pass\n\n    \n  x\n",
    ):
        text = SOURCE[:3_000] + "pass" + end
        assert tokenizer.encode(text) == at_once(tokenizer, text)


def test_key_costs_its_last_lines(tokenizer, monkeypatch):
    tokenizer.encode(SOURCE[:8_000])
    encoded = []
    monkeypatch.setattr(
        tokenizer._memory, "_encode", lambda text: encoded.append(len(text)) or tokenizer._encode_words(text)
    )
    for end in range(8_001, 8_201):
        tokenizer.encode(SOURCE[:end])
        tokenizer.encode(SOURCE[9_000:])  # what stands after the cursor, every time
    assert max(encoded[2:]) < 300 and encoded[1] > 5_000
    assert len(encoded) == 201


def test_going_to_a_place_above_or_below_costs_no_more(tokenizer, monkeypatch):
    places = [SOURCE[:5_000], SOURCE[:8_000], SOURCE[:6_500]]
    for text in places:
        tokenizer.encode(text)
    monkeypatch.setattr(tokenizer._memory, "_encode", lambda text: pytest.fail(f"encoded again: {len(text)}"))
    assert [len(tokenizer.encode(text)) for text in places * 2]


def test_returned_ids_may_be_changed(tokenizer):
    first = tokenizer.encode(SOURCE[:3_000])
    for _ in range(2):
        tokenizer.encode(SOURCE[:3_000]).clear()
    assert tokenizer.encode(SOURCE[:3_000]) == first


@pytest.mark.parametrize("shift", [-1, 1])
def test_wrong_cut_would_be_noticed(monkeypatch, shift):
    tokenizer, cuts = embedded(), EncodingMemory._cuts
    monkeypatch.setattr(
        EncodingMemory, "_cuts", lambda *given: ((byte + shift, token) for byte, token in cuts(*given))
    )
    with pytest.raises(AssertionError):
        test_encoding_in_pieces_equals_encoding_at_once(tokenizer, seed=0)


SPLIT = {
    "type": "Split",
    "pattern": {"Regex": r"\w+|\s+(?!\S)|[^\s]"},
    "behavior": "Isolated",
    "invert": False,
}
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}


@pytest.mark.parametrize(
    ("normalizer", "stages", "expected"),
    [
        (None, [SPLIT, BYTES], True),
        ({"type": "NFC"}, [SPLIT, BYTES], True),
        (None, [{"type": "Digits", "individual_digits": True}, {**BYTES, "use_regex": True}], True),
        ({"type": "Prepend", "prepend": "▁"}, [SPLIT, BYTES], False),
        (None, [SPLIT, {**BYTES, "add_prefix_space": True}], False),
        (None, [SPLIT, {**BYTES, "use_regex": True}], False),
        (None, [SPLIT, SPLIT, BYTES], False),
        (None, [{**SPLIT, "behavior": "Removed"}, BYTES], False),
        (None, [{**SPLIT, "pattern": {"Regex": r"(?<=a)b|\s+"}}, BYTES], False),
        (None, [{**SPLIT, "pattern": {"Regex": r"\s+$|\S"}}, BYTES], False),
        (None, [{**SPLIT, "pattern": {"String": " "}}, BYTES], False),
        (None, [{"type": "Metaspace", "replacement": "▁"}], False),
        (None, [], False),
    ],
)
def test_only_known_pre_tokenizers_are_cut(normalizer, stages, expected):
    pre_tokenizer = {"type": "Sequence", "pretokenizers": stages} if stages else None
    descriptions = (json.dumps(each).encode() if each else b"" for each in (normalizer, pre_tokenizer))
    assert encodes_piecewise(*descriptions) is expected


def test_unknown_pre_tokenizers_are_encoded_at_once():
    backend = tokenizers.Tokenizer(models.BPE({"a": 0, "▁": 1}, []))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer = Tokenizer(backend)
    assert tokenizer._memory is None
    assert tokenizer.encode("a a") == at_once(tokenizer, "a a") != []
