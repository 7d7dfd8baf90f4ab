"""Edit tasks are asked as they were trained: the recipe's own examples and the server's prompts are the same ids."""

import random

import pytest
import tokenizers

import sotto_models
from recipe.corpus.edits import Edit
from recipe.corpus.examples import ExampleMaker
from sotto_engine.errors import SottoError
from sotto_engine.prompt.builder import PromptBuilder
from sotto_engine.prompt.fim import EDIT_TASKS, find_template
from sotto_engine.prompt.tokenizer import Tokenizer
from sotto_engine.request import EditRequest, FimOrder, Limits

PATH = sotto_models.embedded_model_dir() / "tokenizer.json"
TOKENIZER = Tokenizer.load(PATH)
TEMPLATE = find_template("qwen", TOKENIZER)
BEFORE, AFTER = "import os\n\n\ndef f(x):\n", "    return x\n"


def builder(order=FimOrder.SUFFIX_FIRST, max_tokens=400):
    return PromptBuilder(TOKENIZER, TEMPLATE, order, max_tokens, header=False)


@pytest.mark.parametrize("order", list(FimOrder))
@pytest.mark.parametrize("task", EDIT_TASKS)
def test_edit_prompt_is_the_one_of_training_in_every_order(order, task):
    region = "" if task == "docstring" else "    x = len(x\n"
    maker = ExampleMaker(tokenizers.Tokenizer.from_file(str(PATH)), random.Random(1))
    trained = maker.edit_parts(Edit(task, BEFORE, region, "answer", AFTER)).prompt(400)
    request = EditRequest(task, BEFORE, suffix=AFTER, region=region)
    asked = builder(order).build(request)
    assert asked.token_ids == trained and asked.healed == b""


def test_edit_prompt_fits_and_its_region_is_whole():
    region = "    y = 1\n" * 20
    request = EditRequest("fix", "a = 1\n" * 500, suffix="b = 1\n" * 500, region=region, limits=Limits(max_tokens=50))
    ids = builder().build(request).token_ids
    assert len(ids) <= 350
    text = b"".join(TOKENIZER.token_bytes(token_id) for token_id in ids).decode()
    assert region in text
    with pytest.raises(SottoError, match="too long"):
        builder(max_tokens=100).build(request)
