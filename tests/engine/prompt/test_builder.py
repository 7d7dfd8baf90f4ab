"""Prompts: layouts of every family, healing, windows that move in jumps."""

from itertools import pairwise

import pytest
import tokenizers
from tokenizers import decoders, models, pre_tokenizers

from engine.fakes import make_tokenizer
from sotto_engine.errors import SottoError
from sotto_engine.prompt.builder import PromptBuilder
from sotto_engine.prompt.fim import TEMPLATES, find_template
from sotto_engine.prompt.tokenizer import Tokenizer
from sotto_engine.request import FillInRequest, FimOrder, Limits, Snippet

SPM, ANCHORED = FimOrder.SUFFIX_FIRST, FimOrder.ANCHORED


def byte_tokenizer(control):
    vocabulary = {token: i for i, token in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    vocabulary["Ġ="] = len(vocabulary)
    backend = tokenizers.Tokenizer(models.BPE(vocabulary, [("Ġ", "=")]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_tokens([tokenizers.AddedToken(text, special=False) for text in control if text])
    return Tokenizer(backend), backend


def rendered(family, order, request, header=False):
    """The prompt spelled out, control tokens as their spelling, and the healed bytes."""
    template = next(t for t in TEMPLATES if t.family == family)
    control = sorted({*template.control_tokens(), template.bos, template.repository, template.separator})
    tokenizer, backend = byte_tokenizer(control)
    builder = PromptBuilder(tokenizer, find_template(family, tokenizer), order, 4096, header=header)
    prompt = builder.build(request)
    text = "".join(
        tokenizer.token_bytes(i).decode() or backend.id_to_token(i).replace("▁", "_") for i in prompt.token_ids
    )
    return text, prompt.healed


REQUEST = FillInRequest(prefix="a\nbc", suffix="\nd")
ABOVE, SINCE = "p" * 399, "\n" + "q" * 250 + "\na\nb"
"""What stands before and after the anchor of a text that ends with them."""


@pytest.mark.parametrize(
    ("family", "order", "expected"),
    [
        ("qwen", SPM, "<|fim_prefix|><|fim_suffix|>\nd<|fim_middle|>a\nb"),
        ("qwen", ANCHORED, "<|fim_prefix|><|fim_suffix|>\nd<|fim_middle|>a\nb"),
        ("codegemma", ANCHORED, "<bos><|fim_prefix|><|fim_suffix|>\nd<|fim_middle|>a\nb"),
        ("mellum", SPM, "<fim_suffix>\nd<fim_prefix>a\nb<fim_middle>"),
        ("granite", SPM, "<fim_prefix><fim_suffix>\nd<fim_middle>a\nb"),
        ("starcoder", SPM, "<fim_prefix><fim_suffix>\nd<fim_middle>a\nb"),
        ("codellama", SPM, "<s>_<PRE>_<SUF>\nd_<MID>a\nb"),
        ("codestral", SPM, "<s>[SUFFIX]\nd[PREFIX]a\nb"),
        ("seed-coder", SPM, "<[fim-suffix]>\nd<[fim-prefix]>a\nb<[fim-middle]>"),
    ],
)
def test_layout_of_every_family(family, order, expected):
    text, healed = rendered(family, order, REQUEST)
    assert text.removeprefix("<｜begin_of_sentence｜>") == expected
    assert healed == b"c"


@pytest.mark.parametrize(
    ("family", "before", "between", "after"),
    [
        ("qwen", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
        ("codegemma", "<bos><|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
        ("granite", "<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
        ("starcoder", "<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
        ("deepseek", "<｜begin_of_sentence｜><｜fim_begin｜>", "<｜fim_hole｜>", "<｜fim_end｜>"),
        ("codellama", "<s>_<PRE>", "_<SUF>", "_<MID>"),
    ],
)
def test_anchored_layout_of_a_prefix_first_family(family, before, between, after):
    text, _ = rendered(family, ANCHORED, FillInRequest(f"{ABOVE}{SINCE}c", "\nd"))
    assert text == f"{before}{ABOVE}{between}\nd{after}{SINCE}"


def test_anchored_layout_of_a_suffix_first_family():
    text, _ = rendered("mellum", ANCHORED, FillInRequest(f"{ABOVE}{SINCE}c", "\nd"))
    assert text == f"<fim_suffix>\nd<fim_prefix>{ABOVE}<fim_middle>{SINCE}"


@pytest.mark.parametrize(
    ("family", "order", "start"),
    [
        ("qwen", SPM, "<|repo_name|>r\n<|file_sep|>s.py\nS\n<|file_sep|>f.py\n<|fim_prefix|>"),
        ("starcoder", ANCHORED, "<repo_name>r<file_sep>s.py\nS<file_sep><fim_prefix>f.py\n<fim_suffix>"),
        ("mellum", SPM, "<filename>s.py\nS<filename>f.py\n<fim_suffix>"),
        ("codestral", SPM, "<s>[SUFFIX]\nd[PREFIX]+++++ s.py\nS\n+++++ f.py\na"),
    ],
)
def test_headers_where_a_family_has_them(family, order, start):
    request = FillInRequest("a\nbc", "\nd", "f.py", "r", (Snippet("s.py", "S"),))
    text, _ = rendered(family, order, request, header=True)
    if family == "mellum":
        text = text.replace("S\n<filename>", "S<filename>")
    assert text.startswith(start)


def test_snippet_that_does_not_fit_is_left_out():
    request = FillInRequest("x", "", "f.py", "", (Snippet("s.py", "S" * 3000),))
    text, _ = rendered("qwen", SPM, request, header=True)
    assert text.startswith("<|file_sep|>f.py\n<|fim_prefix|>")


def test_anchor_is_at_a_line_and_moves_once_in_many_lines():
    text, anchors = "", []
    for number in range(100):
        text += f"line {number} of the file"
        for typed in ("", "\n", "\na = 1 + 2", "\n" + "a" * 300):
            prompt, _ = rendered("qwen", ANCHORED, FillInRequest(text + typed, "\nd"))
            before, _, after = prompt.removeprefix("<|fim_prefix|>").partition("<|fim_suffix|>\nd<|fim_middle|>")
            assert text.startswith(before) and (not before or after.startswith("\nline "))
            assert len(text) - len(before) >= 200 or not before
            anchors.append(len(before))
        text += "\n"
    num_jumps = sum(a != b for a, b in pairwise(anchors))
    assert len(text) / 400 - 2 <= num_jumps <= len(text) / 400 + 2
    assert anchors == sorted(anchors), "on each line it stands where it stood, whatever is typed there"


def test_prefix_first_is_another_name_of_the_anchored_order():
    assert FimOrder("prefix-first") is ANCHORED
    with pytest.raises(ValueError, match="middle-first"):
        FimOrder("middle-first")


def test_order_that_the_family_lacks_is_refused():
    with pytest.raises(SottoError, match="no suffix-first order"):
        rendered("deepseek", SPM, REQUEST)
    with pytest.raises(SottoError, match="cannot be anchored"):
        rendered("codestral", ANCHORED, REQUEST)


def test_model_without_fim_tokens_is_refused():
    tokenizer, _ = byte_tokenizer([])
    with pytest.raises(SottoError, match="choose a model with FIM tokens"):
        find_template("qwen", tokenizer)
    with pytest.raises(SottoError, match="unknown; use one of qwen"):
        find_template("gpt", tokenizer)


TOKENIZER = make_tokenizer()
SMALL = PromptBuilder(TOKENIZER, find_template("qwen", TOKENIZER), SPM, 400, header=False)


@pytest.mark.parametrize(
    ("prefix", "healed"),
    [
        ("x.retu", b"retu"),
        ("x ", b" "),
        ("x = ", b" "),
        ("x\n    ", b""),
        ("", b""),
        ("x\n", b""),
        ("é", b""),
    ],
)
def test_healing_takes_an_unfinished_token_no_indentation(prefix, healed):
    assert SMALL.build(FillInRequest(prefix, "")).healed == healed


def test_prompt_always_fits_and_its_start_moves_in_jumps():
    starts = set()
    text = "".join(f"a{i}\n" for i in range(400))
    for end in range(1, len(text)):
        ids = SMALL.build(FillInRequest(text[:end], "\nb" * 300, limits=Limits(max_tokens=50))).token_ids
        assert len(ids) <= 400 - 50
        if len(ids) > 200:
            starts.add(tuple(ids[:120]))
    assert len(starts) < 20, "every new start is a whole prefill"


@pytest.mark.parametrize("window", range(8, 120, 7))
def test_narrow_window_is_kept_wherever_the_anchor_is(window):
    tokenizer = make_tokenizer()
    builder = PromptBuilder(
        tokenizer, find_template("qwen", tokenizer), ANCHORED, 2048, header=False, window_tokens=window
    )
    for end in range(700, 900, 9):
        text = "".join(f"a{i}\n" for i in range(400))[:end]
        assert len(builder.build(FillInRequest(text, "\nb" * 30)).token_ids) <= window
